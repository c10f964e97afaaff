//! Issuing tokens: one for each key, in the colour in force, with an index of the status list that was never used; and
//! withdrawing those that are not in force any more.

use healthcode::rules::identity::Region;
use healthcode::token::outage::MAX_HOURS;
use healthcode::token::trust_list::{seal, unseal};
use healthcode::token::{GateToken, PublicKey, Signer as _, StatusReference};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::keys::random;
use crate::life::number_in_tokens;
use crate::state::{HolderKey, IssuedToken, TokenPlace};
use crate::storage::Withdrawn;

impl Desk<'_> {
    /// Withdraws the person's tokens of another colour than the one in force, whichever phone has them; and, once the
    /// phone that took another's place has come for its own token, all those of the other. Until then the old phone
    /// keeps what it has: nobody stands at a gate without a code. Papers of another colour go as well.
    pub(crate) fn withdraw(&mut self, place: usize) -> Result<(), ServerError> {
        let now = self.now;
        let active = self.replaced_at.is_none() && place < self.state.keys.len();
        let colour = self.state.colour();
        let keys = &self.state.keys;
        let group = |other: usize| {
            keys.get(place).zip(keys.get(other)).is_some_and(|(key, other)| key.is_of_group(other))
        };
        let replaced: Vec<_> = (0..keys.len())
            .map(|other| {
                active && other != place && group(other) && self.state.replaced_at(other, now).is_some()
            })
            .collect();
        let mut keys = std::mem::take(&mut self.state.keys);
        for (key, replaced) in keys.iter_mut().zip(replaced) {
            self.know_place(key);
            key.places.retain(|token| now < token.until);
            // Without a colour no token is in force: an officer's order that has ended leaves none.
            let gone = |token: &mut TokenPlace| replaced || colour != Some(token.colour);
            let withdrawn = key.places.extract_if(.., gone);
            self.changes.withdrawn.extend(withdrawn.map(Withdrawn::from));
            // It is given out no more either, also when the colour comes back.
            key.token.take_if(|token| replaced || colour != Some(token.colour));
        }
        self.state.keys = keys;
        self.withdraw_papers()
    }

    /// Reads the place of a token of a state in which places were not noted yet.
    pub(crate) fn know_place(&self, key: &mut HolderKey) {
        let Some(issued) = key.token.as_ref().filter(|_| key.places.is_empty()) else { return };
        let (signer, ..) = self.keys.token_key(issued.issued_at);
        if let Ok(token) = unseal::<GateToken>(&issued.bytes.0, &signer.public_key()) {
            key.places.push(place_of(&token, token.status.list));
        }
    }

    /// Issues a token to the key at a place, if it needs one: the colour has changed, or the last one is due.
    pub(crate) fn issue_if_due(&mut self, place: usize, holder: &PublicKey) -> Result<(), ServerError> {
        let Some(colour) = self.state.colour() else { return Ok(()) };
        let terms = self.rulebook.tokens;
        let key = self.state.keys.get(place).filter(|key| key.revoked_at.is_none());
        let Some(key) = key else { return Ok(()) };
        let fresh = |token: &IssuedToken| {
            token.colour == colour
                && self.now < terms.refresh_at(token.issued_at)
                && !self.keys.was_removed(&token.bytes.0)
        };
        if key.token.as_ref().is_some_and(fresh) {
            return Ok(());
        }
        let issued_at = self.now_in_seconds();
        let (list, index) = self.life.once.take(&self.keys)?;
        let token = GateToken {
            expires_at: terms.expires_at(issued_at),
            issued_at,
            id: random()?,
            holder: Some(holder.clone()),
            colour,
            region: Region::from_code(self.region).map_err(|_| ServerError::Internal("region"))?,
            status: StatusReference { list: number_in_tokens(list), index },
            masked_name: self.state.masked_name.clone(),
            id_tail: self.state.id_tail.clone(),
        };
        let (signer, ..) = self.keys.token_key(issued_at);
        let bytes = seal(&token, &signer)?.into();
        let issued = IssuedToken { id: token.id.to_vec().into(), bytes, issued_at, colour };
        self.changes.issued = true;
        if let Some(key) = self.state.keys.get_mut(place) {
            key.token = Some(issued);
            key.places.push(place_of(&token, list));
        }
        Ok(())
    }
}

pub(crate) fn place_of(token: &GateToken, list: u32) -> TokenPlace {
    let until = token.expires_at.plus_hours(i64::from(MAX_HOURS));
    TokenPlace { list, index: token.status.index, until, colour: token.colour }
}
