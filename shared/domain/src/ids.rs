//! Ids: always strings, checked once at the door.
//!
//! They are short and made by the million, so they live in place: up to 24 bytes cost no allocation.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::ascii::{are_alphanumeric, are_digits, are_upper_alphanumeric};

/// Digits in an order id, at least and at most.
pub const ORDER_ID_DIGITS: std::ops::RangeInclusive<usize> = 10..=20;
/// Characters in a seller id, at most.
pub const SELLER_ID_CHARACTERS_MAX: usize = 64;
/// Characters in a tracking number, at most (4PX contracts allow 50).
pub const TRACKING_NUMBER_CHARACTERS_MAX: usize = 50;

/// The platform's order number: 10–20 ASCII digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(CompactString);

/// A shop of the platform. `_` is not a seller: it marks an operator's file over several sellers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SellerId(CompactString);

/// A carrier's number of a parcel, upper case, as its carrier's rule accepts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackingNumber(CompactString);

impl OrderId {
    /// `None` unless the text is 10–20 ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = ORDER_ID_DIGITS.contains(&text.len()) && are_digits(text.as_bytes());
        fits.then(|| Self(text.into()))
    }

    /// A small stable number of this order below `shards`, by which orders are spread over index shards and the
    /// lake's buckets.
    pub fn shard(&self, shards: u32) -> u32 {
        shard_hash(self.0.as_bytes()) % shards.max(1)
    }
}

impl SellerId {
    /// `None` unless the text is 1–64 characters of `A–Z a–z 0–9 . _ -` with a letter or digit among them: it becomes part
    /// of keys, in which `_`, `.` and `..` mean something else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_spelled = || {
            text.bytes().any(|b| b.is_ascii_alphanumeric())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        let fits = (1..=SELLER_ID_CHARACTERS_MAX).contains(&text.len())
            && (are_alphanumeric(text.as_bytes()) || is_spelled());
        fits.then(|| Self(text.into()))
    }
}

impl TrackingNumber {
    /// `None` unless the text is 1–50 ASCII letters and digits; letters become upper case. Whether it fits its
    /// carrier is the carrier table's question (A2).
    pub fn parse(text: &str) -> Option<Self> {
        if !(1..=TRACKING_NUMBER_CHARACTERS_MAX).contains(&text.len()) {
            return None;
        }
        if are_upper_alphanumeric(text.as_bytes()) {
            return Some(Self(text.into()));
        }
        are_alphanumeric(text.as_bytes()).then(|| Self(text.to_ascii_uppercase().into()))
    }
}

/// The hash behind shards and buckets (FNV-1a, 32 bits, its halves folded): it must be the same on every machine and in
/// every release.
pub fn shard_hash(text: &[u8]) -> u32 {
    let hash = (text.iter()).fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ (hash >> 16)
}

macro_rules! text_of {
    ($($id:ident)*) => {$(
        impl $id {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text_of!(OrderId SellerId TrackingNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_at_the_door() {
        assert!(OrderId::parse("8000011000000005").is_some());
        for bad in [
            "",
            "123456789",
            "123456789012345678901",
            "80000110000000０5",
            "8.00001E+15",
            " 8000011000000005",
        ] {
            assert!(OrderId::parse(bad).is_none(), "{bad}");
        }
        assert!(SellerId::parse("S00004").is_some());
        for bad in ["", "_", ".", "..", "a/b", "a#b", "店铺"] {
            assert!(SellerId::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(
            TrackingNumber::parse("rr123456785cn").map(|n| n.to_string()),
            Some("RR123456785CN".to_owned())
        );
        assert!(TrackingNumber::parse("8668 041546").is_none());
    }

    #[test]
    fn shards_are_stable_and_even() {
        let order = |n: u64| OrderId::parse(&format!("{}", 8_000_011_000_000_000 + n)).expect("an order id");
        assert_eq!(order(5).shard(16), order(5).shard(16));
        let mut counts = [0_u32; 16];
        (0..16_000).for_each(|n| counts[order(n).shard(16) as usize] += 1);
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{counts:?}"
        );
    }
}
