//! A person's name in any script, as it stands on the document.
//!
//! What enters is text as typed; what leaves is one normal spelling (middle dots, white space), a mask to show to
//! others and a key to match records with. A name is never split into family and given name, transliterated or
//! judged by length in Han characters. Private-use characters never enter: fonts disagree on what they show.
//! Terms and properties are those of the Unicode Standard; graphemes follow UAX #29.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::{Text, half_width};

/// Longest name, in Unicode scalar values of the normal spelling.
const MAX_CHARS: usize = 64;
/// Longest mask in bytes of UTF-8, the asterisk included: a mask has a fixed place in a code.
const MAX_MASK_BYTES: usize = 15;
/// The separator in names such as those of Uyghurs, in its one normal spelling (GB 18030 A1A4).
const MIDDLE_DOT: char = '\u{B7}';

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameReason {
    /// Nothing but white space was given.
    #[error("is empty")]
    Empty,
    /// The name has more than 64 characters.
    #[error("is too long")]
    Length,
    /// A control, direction, private-use or invisible character, or one that stands for broken text.
    #[error("holds a character that no name has")]
    Characters,
    /// There is no letter, only digits, punctuation or symbols.
    #[error("holds no letter")]
    NoLetter,
}

impl NameReason {
    /// Stable kebab-case identifier.
    pub fn id(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Length => "length",
            Self::Characters => "characters",
            Self::NoLetter => "no-letter",
        }
    }
}

/// A person's name in normal spelling. Equality is that of the spelling; two spellings of one name are compared
/// by [`Name::matching_key`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Name(String);

impl Name {
    /// Reads a name: white space around it is dropped, a run of spaces within becomes one, and every middle dot
    /// becomes U+00B7. A tab or line break within is refused as the control character it is.
    pub fn parse(text: &str) -> Result<Self, NameReason> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameReason::Empty);
        }
        if !characters_are_allowed(text) {
            return Err(NameReason::Characters);
        }
        let name = normal_spelling(text);
        if name.chars().count() > MAX_CHARS {
            return Err(NameReason::Length);
        }
        if !name.chars().any(is_letter) {
            return Err(NameReason::NoLetter);
        }
        Ok(Self(name))
    }

    /// The name in normal spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An asterisk and the last grapheme cluster, to show to whoever scans a code: `*三`. The asterisk alone where
    /// that would take more than 15 bytes of UTF-8. A name of one grapheme is thereby shown whole.
    pub fn mask(&self) -> String {
        let last = self.0.graphemes(true).next_back().unwrap_or_default();
        let mask = format!("*{last}");
        if mask.len() > MAX_MASK_BYTES { "*".to_owned() } else { mask }
    }

    /// A key under which spellings of one name are equal: without spaces, joiners and variation selectors, Latin
    /// letters of half width, lower case. It is for comparison, never for display.
    ///
    /// Two kinds of spelling stay apart. Simplified and traditional Han may be two names. Canonical equivalents
    /// (NFC, UAX #15) are rare, since keyboards and document readers give composed letters, and their tables would
    /// cost a phone more than this whole module; a record that differs only there is matched by its number.
    pub fn matching_key(&self) -> String {
        let significant = |c: &char| !c.is_whitespace() && !is_joiner(*c) && !is_variation_selector(*c);
        let key: String = self.0.chars().filter(significant).map(half_width).collect();
        key.to_lowercase()
    }
}

/// One spelling of what keyboards spell in many ways; the text is trimmed and its characters are allowed.
fn normal_spelling(text: &str) -> String {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().map(|c| if is_middle_dot(c) { MIDDLE_DOT } else { c }).collect()
}

/// What input methods type between the parts of a name: U+00B7 and its canonical equivalent U+0387, bullet,
/// hyphenation point, bullet and dot operators, the katakana middle dot in full and half width.
fn is_middle_dot(c: char) -> bool {
    matches!(
        c,
        MIDDLE_DOT | '\u{387}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' | '\u{FF65}'
    )
}

/// A letter of any script. Planes 2 and 3 are ideographs throughout, including blocks of Han newer than this
/// compiler's tables.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_blank(c) || matches!(c, '\u{20000}'..='\u{3FFFD}')
}

/// Whether every character may stand where it stands. Joiners and variation selectors are the only invisible
/// characters that belong to names, and only beside the characters they shape; anywhere else they would make
/// two names that look alike.
fn characters_are_allowed(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let allowed = if is_joiner(c) {
            before.is_some_and(has_joining_script) && rest.peek().copied().is_some_and(has_joining_script)
        } else if is_variation_selector(c) {
            before.is_some_and(is_letter)
        } else {
            !is_forbidden(c)
        };
        if !allowed {
            return false;
        }
        before = Some(c);
    }
    true
}

/// ZWNJ, ZWJ and the Mongolian vowel separator.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{180E}')
}

/// Variation selectors: those of Mongolian, the general ones, and those of ideographic variants.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Blocks whose letters change shape beside a joiner: Arabic and its neighbours, the scripts of India, Myanmar,
/// Khmer and Mongolian. A Mongolian variation selector may stand between letter and joiner, and is in the block.
fn has_joining_script(c: char) -> bool {
    let in_block = matches!(c, '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{180B}'..='\u{18AF}');
    in_block && !is_joiner(c) && !is_forbidden(c)
}

/// Characters of no name: control (Cc), format (Cf) with the direction marks, private use (Co), noncharacters,
/// line and paragraph separators, the replacement characters of broken text, and blanks that are no white space.
fn is_forbidden(c: char) -> bool {
    let noncharacter =
        matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF) || matches!(c, '\u{FDD0}'..='\u{FDEF}');
    let private_use = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}');
    c.is_control() || noncharacter || private_use || is_format(c) || is_blank(c)
}

/// Format controls (Cf) but for the joiners, and with the two separators of lines and paragraphs, the object
/// replacement character and the replacement character.
fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{600}'..='\u{605}'
            | '\u{61C}'
            | '\u{6DD}'
            | '\u{70F}'
            | '\u{890}'..='\u{891}'
            | '\u{8E2}'
            | '\u{200B}'
            | '\u{200E}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFD}'
            | '\u{110BD}'
            | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E00FF}'
            | '\u{E01F0}'..='\u{E0FFF}'
    )
}

/// Letters, marks and symbols that show nothing: grapheme joiner, Hangul fillers, Khmer inherent vowels, the
/// blank Braille pattern.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
    )
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

impl TryFrom<Text> for Name {
    type Error = NameReason;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        Self::parse(&text.0)
    }
}

impl From<Name> for Text {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn every_middle_dot_becomes_one() {
        for dot in "·•・‧･∙⋅\u{387}".chars() {
            assert_eq!(name(&format!("阿依古丽{dot}买买提")).as_str(), "阿依古丽·买买提", "{dot}");
        }
    }

    #[test]
    fn white_space_is_trimmed_and_runs_become_one_space() {
        assert_eq!(name("\t\u{3000}张 \u{3000}三\r\n").as_str(), "张 三");
        assert_eq!(name("Anna  Maria\u{A0}Example").as_str(), "Anna Maria Example");
    }

    #[test]
    fn names_of_every_script_are_accepted() {
        // Extension B, extension H, a plane-3 code point not assigned yet, a variant, Tibetan, Uyghur, Mongolian
        // with its vowel separator, Persian with ZWNJ, Devanagari with ZWJ, Latin, and the Han zero.
        let table = [
            "\u{20000}\u{2A6D6}",
            "\u{31350}",
            "\u{3FFF0}",
            "葛\u{E0100}城",
            "བཀྲ་ཤིས",
            "ئايگۈل",
            "ᠰᠠᠷ\u{180E}ᠠ",
            "علی\u{200C}رضا",
            "क्\u{200D}ष",
            "O'Neil-Example",
            "王〇",
        ];
        for text in table {
            assert_eq!(Name::parse(text).map(|n| n.as_str().to_owned()), Ok(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn characters_of_no_name_are_refused() {
        let table = [
            "张\0三",
            "张\n三",
            "张\t三",
            "张\u{202E}三",
            "张\u{200B}三",
            "张\u{200D}三",
            "\u{FEFF}张三",
            "张\u{E000}",
            "张\u{F0000}",
            "张\u{FFFD}",
            "张\u{FFFF}",
            "张\u{3164}",
            "\u{E0100}张",
            "张\u{E0100}\u{E0100}",
            "张\u{E0041}",
            "علی\u{200C}",
            "علی\u{200C}\u{200C}رضا",
            "👩\u{200D}👩\u{200D}👧",
        ];
        for text in table {
            assert_eq!(Name::parse(text), Err(NameReason::Characters), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn a_name_has_a_letter_and_at_most_64_characters() {
        assert_eq!(Name::parse(" \u{3000}"), Err(NameReason::Empty));
        for text in ["12345", "１２", "·", "-.,", "👍", "1 2·3"] {
            assert_eq!(Name::parse(text), Err(NameReason::NoLetter), "{text}");
        }
        assert!(Name::parse(&"\u{20000}".repeat(64)).is_ok());
        assert_eq!(Name::parse(&"张".repeat(65)), Err(NameReason::Length));
    }

    #[test]
    fn a_mask_shows_the_last_grapheme_and_never_exceeds_15_bytes() {
        assert_eq!(name("张三").mask(), "*三");
        assert_eq!(name("葛\u{E0100}").mask(), "*葛\u{E0100}");
        assert_eq!(name("Zoe\u{308}").mask(), "*e\u{308}");
        assert_eq!(name(&format!("ab{}", "\u{301}".repeat(6))).mask().len(), 14);
        assert_eq!(name(&format!("ab{}", "\u{301}".repeat(7))).mask(), "*");
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let key = |text| name(text).matching_key();
        assert_eq!(key("阿依古丽・买买提"), key("阿依古丽 • 买买提"));
        assert_eq!(key("ＡＮＮＡ  Example"), key("anna example"));
        assert_eq!(key("葛\u{E0100}城"), key("葛城"));
        assert_eq!(key("علی\u{200C}رضا"), key("علی رضا"));
        assert_ne!(key("张三"), key("张四"));
    }

    proptest! {
        #[test]
        fn a_normal_spelling_reads_back_as_itself(text in "[ \u{3000}a-zÄ张三𠀀·•・\u{200D}\u{E0100}\u{600}-\u{6FF}]{0,40}|\\PC*") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.mask().len() <= MAX_MASK_BYTES);
                prop_assert!(!name.matching_key().is_empty());
            }
        }
    }
}
