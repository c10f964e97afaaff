//! Issuing tokens: one for each key, in the colour in force, with an index of the status list that was never used.

use healthcode::rules::identity::Region;
use healthcode::token::trust_list::seal;
use healthcode::token::{GateToken, PublicKey, StatusReference};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::keys::random;
use crate::state::IssuedToken;

impl Desk<'_> {
    /// Issues a token to the key at a place, if it needs one: the colour has changed, or the last one is due.
    pub(crate) fn issue_if_due(
        &mut self,
        place: usize,
        holder: &PublicKey,
        region: u32,
    ) -> Result<(), ServerError> {
        let Some(colour) = self.state.colour() else { return Ok(()) };
        let terms = self.rulebook.tokens;
        let Some(key) = self.state.keys.get(place) else { return Ok(()) };
        let fresh =
            |token: &IssuedToken| token.colour == colour && self.now < terms.refresh_at(token.issued_at);
        if key.token.as_ref().is_some_and(fresh) {
            return Ok(());
        }
        let issued_at = self.now_in_seconds();
        let (list, index) = self.life.once.take(self.keys)?;
        let token = GateToken {
            expires_at: terms.expires_at(issued_at),
            issued_at,
            id: random()?,
            holder: Some(holder.clone()),
            colour,
            region: Region::from_code(region).map_err(|_| ServerError::Internal("region"))?,
            status: StatusReference { list, index },
            masked_name: self.state.masked_name.clone(),
            id_tail: self.state.id_tail.clone(),
        };
        let (signer, ..) = self.keys.token_key(issued_at);
        let bytes = seal(&token, &signer)?.into();
        let issued = IssuedToken { id: token.id.to_vec().into(), bytes, issued_at, colour };
        self.changes.issued = true;
        if let Some(key) = self.state.keys.get_mut(place) {
            key.token = Some(issued);
        }
        Ok(())
    }
}
