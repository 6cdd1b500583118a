//! `[zones]`: in which zone a time without one is read, where neither the file nor the upload says (conventions, "Time").

use std::collections::BTreeMap;

use serde::Deserialize;

use super::UPLOAD_KINDS;
use crate::time::StatedZone;
use crate::{SellerId, Zone};

/// Zones by the kind of file.
type ByKind = BTreeMap<String, StatedZone>;

/// The section as a file has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ZonesSection {
    default: Option<StatedZone>,
    doubtful_percent: u32,
    kinds: ByKind,
    operator: ByKind,
    sellers: BTreeMap<String, ByKind>,
}

impl Default for ZonesSection {
    fn default() -> Self {
        Self {
            default: None,
            doubtful_percent: 20,
            kinds: ByKind::new(),
            operator: ByKind::new(),
            sellers: BTreeMap::new(),
        }
    }
}

/// The zones of times without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonesPolicy {
    default: StatedZone,
    kinds: ByKind,
    operator: ByKind,
    sellers: BTreeMap<SellerId, ByKind>,
    /// A file is doubtful when more than this share of its times near its recording lie after it.
    pub doubtful_percent: u32,
}

impl ZonesPolicy {
    /// What was agreed with the sender of a kind of file: the operator (`None`) or a seller.
    pub fn setting(&self, sender: Option<&SellerId>, kind: &str) -> Option<StatedZone> {
        let settings = match sender {
            None => Some(&self.operator),
            Some(seller_id) => self.sellers.get(seller_id),
        };
        settings?.get(kind).copied()
    }

    /// The zone of a kind of file of which nothing else is known.
    pub fn default_of(&self, kind: &str) -> StatedZone {
        self.kinds.get(kind).copied().unwrap_or(self.default)
    }
}

impl ZonesSection {
    /// The section checked; the platform's zone is the default where it names none.
    pub(super) fn checked(self, platform: Zone) -> Result<ZonesPolicy, String> {
        for zones in [&self.kinds, &self.operator]
            .into_iter()
            .chain(self.sellers.values())
        {
            if let Some(kind) = zones.keys().find(|kind| !UPLOAD_KINDS.contains(&kind.as_str())) {
                let kinds = UPLOAD_KINDS.join(", ");
                return Err(format!("`{kind}` in [zones] is not one of {kinds}"));
            }
        }
        if self.doubtful_percent > 100 {
            return Err("zones.doubtful_percent is over the whole".to_owned());
        }
        let of_seller = |(seller_id, zones): (String, ByKind)| {
            let parsed = SellerId::parse(&seller_id);
            let parsed =
                parsed.ok_or_else(|| format!("`{seller_id}` in [zones.sellers] is no seller's id"))?;
            Ok((parsed, zones))
        };
        Ok(ZonesPolicy {
            default: self.default.unwrap_or(StatedZone::Named(platform)),
            kinds: self.kinds,
            operator: self.operator,
            sellers: self
                .sellers
                .into_iter()
                .map(of_seller)
                .collect::<Result<_, String>>()?,
            doubtful_percent: self.doubtful_percent,
        })
    }
}
