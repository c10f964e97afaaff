//! One sort for everything that the rules put in order: every type that is sorted by the standard library costs a
//! phone some 5 KB.

use std::collections::BTreeMap;

/// The positions of the keys in ascending order; equal keys keep theirs.
pub(crate) fn positions(keys: impl Iterator<Item = (i64, i64)>) -> Vec<usize> {
    let mut order: Vec<_> =
        keys.enumerate().map(|(position, (first, second))| (first, second, position)).collect();
    order.sort_unstable();
    order.into_iter().map(|(.., position)| position).collect()
}

/// A tree of these pairs. Collecting one sorts first, which costs a phone 4 KB a type.
pub(crate) fn tree<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut tree = BTreeMap::new();
    for (key, value) in pairs {
        tree.insert(key, value);
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_keep_their_order() {
        let keys = [(2, 0), (1, 5), (2, 0), (1, -5), (i64::MIN, 9), (1, 5)];
        assert_eq!(positions(keys.into_iter()), [4, 3, 1, 5, 0, 2]);
        assert!(positions(std::iter::empty()).is_empty());
    }
}
