//! The zones of a country, where a source says "local time" and names the place.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Zone;

const SHIPPED: &str = include_str!("../../data/country_zones.csv");

static ZONES: LazyLock<HashMap<&'static str, Vec<Zone>>> =
    LazyLock::new(|| parsed(SHIPPED).expect("a test reads the shipped zones of the countries"));

/// The zones in use in a country (ISO 3166-1 alpha-2); none where nobody lives.
pub fn zones_of(country: &str) -> &'static [Zone] {
    ZONES.get(country).map_or(&[], Vec::as_slice)
}

fn parsed(table: &'static str) -> Result<HashMap<&'static str, Vec<Zone>>, String> {
    let lines = table
        .lines()
        .filter(|line| !line.starts_with('#') && *line != "country,zones");
    lines
        .map(|line| {
            let (country, zones) = line.split_once(',').ok_or_else(|| line.to_owned())?;
            let zones = zones
                .split(' ')
                .map(|zone| zone.parse().map_err(|_| zone.to_owned()));
            Ok((country, zones.collect::<Result<_, String>>()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country;

    #[test]
    fn the_shipped_zones_are_those_of_countries() {
        let zones = parsed(SHIPPED).expect("readable");
        assert!(zones.len() > 240 && zones.keys().all(|code| country::is_country(code)));
        assert_eq!(zones_of("ES").len(), 3);
        assert!(zones_of("RU").len() > 20 && zones_of("BV").is_empty() && zones_of("").is_empty());
    }
}
