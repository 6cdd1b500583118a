//! What to tell somebody whose number misses its carrier's rule: candidates and hints, never a guess (A2).

use super::pattern::Pattern;
use super::{Carrier, CarrierTable, CheckDigit, Fit};

/// What a number that misses the rule looks like all the same.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    pub(super) pattern: Pattern,
    pub(super) text_en: String,
    pub(super) text_zh: String,
}

/// Carriers that a piece of advice names, at most.
const CANDIDATES_MAX: usize = 5;

impl CarrierTable {
    /// What to say of a number that misses the rule of `named`, or whose carrier is unknown: the carriers it fits
    /// and what it looks like, as the detail of `NUM_FORMAT` and `CARRIER_UNKNOWN` in both languages
    /// (see [`crate::message`]): `fits YunExpress, Yanwen | 符合云途、燕文的单号规则`. Carriers whose check digit it misses
    /// come last and are told as such: one digit may be mistyped. Empty when there is nothing to say.
    pub fn advice(&self, named: Option<&Carrier>, number: &str) -> String {
        let hint = named.and_then(|carrier| carrier.hint(number));
        let fits = self.fits(number);
        let (mistyped, right): (Vec<_>, Vec<_>) = fits
            .iter()
            .take(CANDIDATES_MAX)
            .partition(|fit| fit.check_digit == CheckDigit::Invalid);
        let english = |fits: &[&Fit<'_>]| names(fits, Carrier::name).join(", ");
        let chinese = |fits: &[&Fit<'_>]| spaced(&names(fits, Carrier::name_zh).join("、"));
        let (mut said_en, mut said_zh) = (Vec::new(), Vec::new());
        if !right.is_empty() {
            said_en.push(format!("fits {}", english(&right)));
            said_zh.push(format!("符合{}的单号规则", chinese(&right)));
        }
        if !mistyped.is_empty() {
            said_en.push(format!("fits {} but for the check digit", english(&mistyped)));
            said_zh.push(format!("除校验位外符合{}的单号规则", chinese(&mistyped)));
        }
        let (fits_en, fits_zh) = (said_en.join(", "), said_zh.join("，"));
        match (hint, fits_en.is_empty()) {
            (None, true) => String::new(),
            (None, false) => format!("{fits_en} | {fits_zh}"),
            (Some(hint), true) => format!("{} | {}", hint.text_en, hint.text_zh),
            (Some(hint), false) => format!("{}, and {fits_en} | {}，也{fits_zh}", hint.text_en, hint.text_zh),
        }
    }
}

impl CarrierTable {
    /// What to say of a cell that names no carrier for sure, as the detail of `CARRIER_UNKNOWN` in both languages: the
    /// carriers that it names all the same, then what the number fits (see [`Self::advice`]). `number` is empty where it
    /// cannot be told.
    pub fn candidates(&self, named: &[&Carrier], number: &str) -> String {
        let fits = if number.is_empty() {
            String::new()
        } else {
            self.advice(None, number)
        };
        let (fits_en, fits_zh) = fits.split_once(" | ").unwrap_or_default();
        let named = &named[..named.len().min(CANDIDATES_MAX)];
        let english: Vec<&str> = named.iter().map(|carrier| carrier.name()).collect();
        let chinese: Vec<&str> = named.iter().map(|carrier| carrier.name_zh()).collect();
        let (english, chinese) = (english.join(", "), chinese.join("、"));
        match (english.is_empty(), fits_en.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!("The number {fits_en} | 该单号{fits_zh}"),
            (false, true) => format!(
                "The cell names {english} | 单元格写的是{}",
                spaced_before(&chinese)
            ),
            (false, false) => format!(
                "The cell names {english}, and the number {fits_en} | 单元格写的是{}，该单号{fits_zh}",
                spaced_before(&chinese)
            ),
        }
    }
}

/// Names at the end of a Chinese clause, with a space where a Latin letter would touch a Chinese one.
fn spaced_before(names: &str) -> String {
    let is_latin = names.chars().next().is_some_and(|letter| letter.is_ascii());
    if is_latin {
        format!(" {names}")
    } else {
        names.to_owned()
    }
}

fn names<'c>(fits: &[&Fit<'c>], name: fn(&'c Carrier) -> &'c str) -> Vec<&'c str> {
    fits.iter().map(|fit| name(fit.carrier)).collect()
}

impl CarrierTable {
    /// What a number looks like by the carriers' hints, in English and Chinese, each once: not whose it is.
    pub fn likenesses(&self, number: &str) -> Vec<(&str, &str)> {
        let mut likenesses: Vec<(&str, &str)> = Vec::new();
        for hint in self.carriers().filter_map(|carrier| carrier.hint(number)) {
            let likeness = (hint.text_en.as_str(), hint.text_zh.as_str());
            if !likenesses.contains(&likeness) {
                likenesses.push(likeness);
            }
        }
        likenesses
    }
}

/// Names for the middle of a Chinese sentence, with a space where a Latin letter would touch a Chinese one.
fn spaced(names: &str) -> String {
    let gap = |letter: Option<char>| {
        if letter.is_some_and(|letter| letter.is_ascii()) {
            " "
        } else {
            ""
        }
    };
    format!(
        "{}{names}{}",
        gap(names.chars().next()),
        gap(names.chars().next_back())
    )
}

impl Carrier {
    fn hint(&self, number: &str) -> Option<&Hint> {
        self.hints
            .iter()
            .find(|hint| hint.pattern.is_match(number.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_named_by_the_cell_and_by_the_number() {
        let table = CarrierTable::shipped();
        let carrier = |name: &str| table.find(name).expect("a carrier");
        for (named, number, detail) in [
            (vec![], "", ""),
            (vec![], "?", ""),
            (
                vec![],
                "JCEAB1234567890CN",
                "The number fits JCEX | 该单号符合佳成的单号规则",
            ),
            (
                vec!["DHL", "UPS"],
                "",
                "The cell names DHL, UPS | 单元格写的是 DHL、UPS",
            ),
            (
                vec!["CDEK"],
                "JCEAB1234567890CN",
                "The cell names CDEK, and the number fits JCEX | 单元格写的是 CDEK，该单号符合佳成的单号规则",
            ),
        ] {
            let named: Vec<&Carrier> = named.into_iter().map(carrier).collect();
            assert_eq!(table.candidates(&named, number), detail);
        }
    }

    #[test]
    fn advice_names_candidates_and_what_the_number_looks_like() {
        let table = CarrierTable::shipped();
        for (named, number, advice) in [
            (
                "DHL",
                "YT2229521272164446",
                "fits YunExpress, Yanwen | 符合云途、燕文的单号规则",
            ),
            (
                "DHL",
                "GM2951173225174494",
                "looks like DHL eCommerce | 像是 DHL eCommerce 单号",
            ),
            (
                "Pigeon Post",
                "JCEAB1234567890CN",
                "fits JCEX | 符合佳成的单号规则",
            ),
            (
                "DHL",
                "GFUS01011884214464",
                "fits GOFO Express | 符合 GOFO 的单号规则",
            ),
            ("DHL", "?", ""),
            (
                "Pigeon Post",
                "3318810026",
                "fits DHL but for the check digit | 除校验位外符合 DHL 的单号规则",
            ),
        ] {
            assert_eq!(table.advice(table.find(named), number), advice);
        }
        let both = table.advice(table.find("DHL"), "60120172242323");
        assert!(both.starts_with("looks like DHL eCommerce, and fits "), "{both}");
        assert!(both.contains(" | 像是 DHL eCommerce 单号，也符合"), "{both}");
    }
}
