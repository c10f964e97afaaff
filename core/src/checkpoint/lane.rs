//! What a lane is: said once, when it is opened.

/// One queue at a gate, with its camera and its display.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Lane {
    /// The gate's name as residents see it on a challenge, at most 24 bytes of UTF-8. Nobody vouches for it.
    pub gate: String,
    /// The id of the kind of gate in the authority's policies, such as `residential`; none for the rule that green
    /// passes and nobody else. Where the policies are not on this phone yet, it must connect first.
    #[uniffi(default = None)]
    pub policy: Option<String>,
    /// Whether it can show a challenge and read the answer: not where there is no display, or no camera.
    #[uniffi(default = true)]
    pub shows_challenges: bool,
}

impl Lane {
    /// A lane with camera and display, without a policy of its own.
    #[must_use]
    pub fn new(gate: impl Into<String>) -> Self {
        Self { gate: gate.into(), policy: None, shows_challenges: true }
    }
}
