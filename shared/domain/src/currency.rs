//! ISO 4217 currencies and their minor units, from `data/currencies.csv`; what people call them, from
//! `data/currency_names.csv`.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency of ISO 4217 that has minor units (conventions, "Money": integer minor units with a currency).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The ledger's currency.
    pub const USD: Self = Self(*b"USD");

    /// The currency of three upper-case letters, exactly as ISO 4217 writes it (`USD`); `None` for anything else.
    /// Trimming and upper-casing are the caller's.
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        SHIPPED.exponent(letters).map(|_| Self(letters))
    }

    /// The currencies that a text may mean: the one of that code in any case, else those of that name (`RMB`, `US $`,
    /// `人民币`). A name that several share means all of them. Several names mean what they all may mean (`USD(美元)`, `$ CAD`).
    pub fn all_named(text: &str) -> Vec<Self> {
        if let Some(named) = NAMES.get(name_of(text).as_str()) {
            return named.clone();
        }
        // A name may hold spaces of its own (`US Dollar (美元)`), and spaces may part names (`USD 美元`).
        let (by_signs, by_spaces) = (meant_by_all(names_in(text, false)), || {
            meant_by_all(names_in(text, true))
        });
        if by_signs.is_empty() {
            by_spaces()
        } else {
            by_signs
        }
    }

    /// The one currency that a text means, by its code in any case or by a name that no other has.
    pub fn named(text: &str) -> Option<Self> {
        match Self::all_named(text).as_slice() {
            [currency] => Some(*currency),
            _ => None,
        }
    }

    /// How many decimal places the minor unit has: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        SHIPPED.exponent(self.0).map_or(2, u32::from)
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is made of ASCII letters only")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    /// The three letters, in text and binary forms alike.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Letters)
    }
}

struct Letters;

impl de::Visitor<'_> for Letters {
    type Value = Currency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the three letters of an ISO 4217 currency")
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
        Currency::parse(code).ok_or_else(|| E::invalid_value(de::Unexpected::Str(code), &self))
    }
}

/// A line of the currency table that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the currency table is not `CODE,exponent`: {text:?}")]
struct CurrencyLineError {
    line: usize,
    text: String,
}

/// One cell for every three letters, so that a lookup is one index: currencies are read once a row.
struct CurrencyTable(Vec<Option<u8>>);

static SHIPPED: LazyLock<CurrencyTable> = LazyLock::new(|| {
    CurrencyTable::parse(include_str!("../data/currencies.csv"))
        .expect("a test reads the shipped currency table")
});

impl CurrencyTable {
    fn parse(csv: &str) -> Result<Self, CurrencyLineError> {
        let mut cells = vec![None; 26 * 26 * 26];
        let lines = csv
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#') && *line != "code,exponent");
        for (index, line) in lines {
            let (cell, exponent) = read_line(line).ok_or_else(|| CurrencyLineError {
                line: index + 1,
                text: line.to_owned(),
            })?;
            cells[cell] = Some(exponent);
        }
        Ok(Self(cells))
    }

    fn exponent(&self, letters: [u8; 3]) -> Option<u8> {
        self.0.get(cell_of(letters)?).copied().flatten()
    }
}

/// Codes and names as [`name_of`] writes them, with the currencies that they mean.
static NAMES: LazyLock<HashMap<String, Vec<Currency>>> = LazyLock::new(|| {
    names(include_str!("../data/currency_names.csv")).expect("a test reads the shipped currency names")
});

fn names(csv: &str) -> Result<HashMap<String, Vec<Currency>>, CurrencyLineError> {
    let letters = b'A'..=b'Z';
    let codes = letters.clone().flat_map(|first| {
        let letters = letters.clone();
        letters
            .clone()
            .flat_map(move |second| letters.clone().map(move |third| [first, second, third]))
    });
    let codes = codes.filter(|&code| SHIPPED.exponent(code).is_some());
    let mut names: HashMap<String, Vec<Currency>> = codes
        .map(Currency)
        .map(|currency| (name_of(currency.as_str()), vec![currency]))
        .collect();
    for (index, line) in csv
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#') && *line != "code,names")
    {
        let read = line
            .split_once(',')
            .and_then(|(code, names)| Some((Currency::parse(code)?, names)));
        let (currency, of_line) = read.ok_or_else(|| CurrencyLineError {
            line: index + 1,
            text: line.to_owned(),
        })?;
        for name in of_line.split('/') {
            let meant = names.entry(name_of(name)).or_default();
            if !meant.contains(&currency) {
                meant.push(currency);
            }
        }
    }
    Ok(names)
}

/// A name as names are compared: in lower case, without spaces and full stops, signs of East Asian width as the usual ones.
fn name_of(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '.');
    let usual = kept.map(|c| match c {
        '￥' => '¥',
        '￡' => '£',
        '￦' => '₩',
        '＄' | '﹩' => '$',
        c => c,
    });
    usual.flat_map(char::to_lowercase).collect()
}

/// What all of these names may mean; nothing where one of them is none.
fn meant_by_all<'t>(names: impl Iterator<Item = &'t str>) -> Vec<Currency> {
    let mut meant: Option<Vec<Currency>> = None;
    for name in names {
        let Some(of_name) = NAMES.get(name_of(name).as_str()) else {
            return Vec::new();
        };
        match &mut meant {
            Some(meant) => meant.retain(|currency| of_name.contains(currency)),
            None => meant = Some(of_name.clone()),
        }
    }
    meant.unwrap_or_default()
}

/// The names in a cell that holds several: between brackets and other signs, where the script changes (`USD美元`), and perhaps
/// between spaces.
fn names_in(text: &str, are_parted_by_spaces: bool) -> impl Iterator<Item = &str> {
    let parts_names =
        move |c: char| "()（）[]【】/／|-—_,，、:：".contains(c) || are_parted_by_spaces && c.is_whitespace();
    let of_part = |part: &'_ str| -> [usize; 2] {
        let is_latin = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii());
        let lead = is_latin(part.chars().next());
        // `US$`, `CN￥` and `R$` are names as they stand.
        let is_name = NAMES.contains_key(name_of(part).as_str());
        let change = part.find(move |letter: char| !letter.is_whitespace() && letter.is_ascii() != lead);
        [change.filter(|_| !is_name).unwrap_or(part.len()), part.len()]
    };
    text.split(parts_names).flat_map(move |part| {
        let part = part.trim();
        let [at, end] = of_part(part);
        [&part[..at], &part[at..end]]
            .into_iter()
            .filter(|name| !name.trim().is_empty())
    })
}

/// Money counts with powers of ten up to 10⁴ (CLF, UYW).
const EXPONENT_MAX: u8 = 4;

fn read_line(line: &str) -> Option<(usize, u8)> {
    let (code, exponent) = line.split_once(',')?;
    let exponent = exponent
        .parse()
        .ok()
        .filter(|exponent| *exponent <= EXPONENT_MAX)?;
    Some((cell_of(code.as_bytes().try_into().ok()?)?, exponent))
}

fn cell_of(letters: [u8; 3]) -> Option<usize> {
    letters.iter().try_fold(0, |cell, letter| {
        letter
            .is_ascii_uppercase()
            .then(|| cell * 26 + usize::from(letter - b'A'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a test's currency")
    }

    #[test]
    fn the_shipped_table_can_be_read() {
        let table = CurrencyTable::parse(include_str!("../data/currencies.csv")).expect("the shipped table");
        assert_eq!(table.0.iter().flatten().count(), 169);
    }

    #[test]
    fn currencies_know_their_minor_units() {
        for (code, exponent) in [
            ("USD", 2),
            ("JPY", 0),
            ("KWD", 3),
            ("RUB", 2),
            ("BRL", 2),
            ("CLF", 4),
            ("XOF", 0),
        ] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for code in [
            "",
            "US",
            "USDT",
            "usd",
            "ZZZ",
            "XXX",
            "XAU",
            "U\u{20ac}",
            "美元",
            "12A",
        ] {
            assert_eq!(Currency::parse(code), None, "{code}");
        }
    }

    #[test]
    fn a_currency_is_written_as_its_three_letters() {
        assert_eq!(serde_json::to_string(&Currency::USD).expect("json"), "\"USD\"");
        assert_eq!(
            serde_json::from_str::<Currency>("\"KWD\"").expect("json"),
            currency("KWD")
        );
        assert!(serde_json::from_str::<Currency>("\"ZZZ\"").is_err());
        assert_eq!(currency("EUR").to_string(), "EUR");
    }

    #[test]
    fn currencies_are_known_by_what_people_call_them() {
        for (text, code) in [
            ("usd", "USD"),
            ("RMB", "CNY"),
            ("人民币", "CNY"),
            ("CN ￥", "CNY"),
            ("US $", "USD"),
            ("US$", "USD"),
            ("€", "EUR"),
            ("Euro", "EUR"),
            ("R$", "BRL"),
            ("руб.", "RUB"),
            ("美金", "USD"),
            ("zł", "PLN"),
            ("USD(美元)", "USD"),
            ("美元（USD）", "USD"),
            ("USD 美元", "USD"),
            ("USD美元", "USD"),
            ("美元USD", "USD"),
            ("USD/美元", "USD"),
            ("US $ (USD)", "USD"),
            ("US Dollar (美元)", "USD"),
            ("US $ 美元", "USD"),
            ("$ CAD", "CAD"),
            ("人民币 CNY ￥", "CNY"),
        ] {
            assert_eq!(Currency::named(text), Some(currency(code)), "{text}");
        }
        // Dollars and yuan there are many: next to an amount they agree with each, alone they mean none.
        assert!(Currency::all_named("$").contains(&currency("CAD")));
        assert!(Currency::all_named("¥").contains(&currency("JPY")));
        for text in [
            "$",
            "￥",
            "kr",
            "dollar",
            "",
            " ",
            "XXX",
            "money",
            "USD/EUR",
            "USD(欧元)",
            "USD x",
            "()",
        ] {
            assert_eq!(Currency::named(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_shipped_names_take_no_code_away() {
        let names = names(include_str!("../data/currency_names.csv")).expect("the shipped names");
        for code in ["USD", "CNY", "TRY", "ALL"] {
            assert_eq!(
                names.get(&code.to_lowercase()),
                Some(&vec![currency(code)]),
                "{code}"
            );
        }
        assert!(super::names("XXY,money").is_err_and(|error| error.line == 1));
    }

    #[test]
    fn a_broken_line_of_the_table_is_named() {
        let broken = CurrencyTable::parse("code,exponent\nUSD,2\nEURO,2\n").err();
        assert_eq!(
            broken,
            Some(CurrencyLineError {
                line: 3,
                text: "EURO,2".to_owned()
            })
        );
        assert!(CurrencyTable::parse("USD,9").is_err());
    }
}
