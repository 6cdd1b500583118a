//! Countries: ISO 3166-1 alpha-2 with English and Chinese names, from `data/countries.csv` (conventions; A5: "a code
//! that is not a country: error").

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::wording::plain_words;

/// Whether `code` is an ISO 3166-1 alpha-2 code, in upper case as the table keeps it.
pub fn is_country(code: &str) -> bool {
    SHIPPED.country(code).is_some()
}

/// The country's English name: `Spain` for `ES`.
pub fn name_en(code: &str) -> Option<&'static str> {
    SHIPPED.country(code).map(|country| country.name_en)
}

/// The country's Chinese name: `西班牙` for `ES`.
pub fn name_zh(code: &str) -> Option<&'static str> {
    SHIPPED.country(code).map(|country| country.name_zh)
}

/// The alpha-2 code that a cell means: a code in any case, `UK` for `GB`, or one of the table's names in English
/// (any case) or Chinese. Trimming is the caller's. `None` when it is no country.
pub fn canonical(code_or_name: &str) -> Option<&'static str> {
    // The usual cell, a code in upper case, is answered without an allocation.
    if let Some(country) = SHIPPED.country(code_or_name) {
        return Some(country.code);
    }
    let index = *SHIPPED.by_name.get(&code_or_name.to_lowercase())?;
    Some(SHIPPED.countries[index].code)
}

/// The alpha-2 code that a cell of a file means: as [`canonical`], and names with other punctuation (`Hong Kong,China`), with a
/// local name behind them (`Croatia (local name: Hrvatska)`), or several that mean one country (`ES-Spain`, `西班牙 Spain`).
/// `None` when it is no country, or names two.
pub fn meant(cell: &str) -> Option<&'static str> {
    canonical(cell).or_else(|| {
        let known = |text: &str| canonical(text).or_else(|| SHIPPED.worded(text));
        known(cell)
            .or_else(|| known(without_local_name(cell)?))
            .or_else(|| one_of_parts(cell, known))
    })
}

/// The name before `(local name: …)`, which names the same country once more.
fn without_local_name(cell: &str) -> Option<&str> {
    let (name, local) = cell.split_once(['(', '（'])?;
    local
        .trim_start()
        .to_lowercase()
        .starts_with("local name")
        .then(|| name.trim())
}

/// The country that all parts of a cell name.
fn one_of_parts(cell: &str, known: impl Fn(&str) -> Option<&'static str>) -> Option<&'static str> {
    let is_between = |c: char| {
        matches!(
            c,
            '(' | ')' | '（' | '）' | '[' | ']' | '【' | '】' | '/' | '|' | '-' | '–' | ':' | '：' | '_'
        )
    };
    let mut found = None;
    let parts = cell
        .split(is_between)
        .flat_map(scripts)
        .filter(|part| !part.is_empty());
    for part in parts {
        let code = known(part)?;
        if found.is_some_and(|found| found != code) {
            return None;
        }
        found = Some(code);
    }
    found
}

/// A text where Chinese and other letters meet, taken apart.
fn scripts(text: &str) -> Vec<&str> {
    let is_chinese = |c: char| matches!(c, '\u{3400}'..='\u{9fff}');
    let turn = text.char_indices().zip(text.chars().skip(1));
    let turn = turn
        .into_iter()
        .find(|((_, one), next)| is_chinese(*one) != is_chinese(*next));
    match turn {
        Some(((at, letter), _)) => {
            let (head, rest) = text.split_at(at + letter.len_utf8());
            [vec![head.trim()], scripts(rest)].concat()
        }
        None => vec![text.trim()],
    }
}

struct Country {
    code: &'static str,
    name_en: &'static str,
    name_zh: &'static str,
}

/// A line of the country table that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum CountryTableError {
    #[error("line {line} of the country table is not `code,name_en,name_zh,also`: {text:?}")]
    Line { line: usize, text: &'static str },
    #[error("the country table gives {name:?} to both {first} and {second}")]
    NameTwice {
        name: String,
        first: &'static str,
        second: &'static str,
    },
}

struct CountryTable {
    countries: Vec<Country>,
    /// For every two letters the country's place in `countries`.
    by_code: Vec<Option<usize>>,
    /// By code and name in lower case.
    by_name: HashMap<String, usize>,
    /// By the names' words; none that two countries share.
    by_words: HashMap<String, Option<usize>>,
}

static SHIPPED: LazyLock<CountryTable> = LazyLock::new(|| {
    CountryTable::parse(include_str!("../data/countries.csv"))
        .expect("a test reads the shipped country table")
});

const HEADER: &str = "code,name_en,name_zh,also";

impl CountryTable {
    fn parse(csv: &'static str) -> Result<Self, CountryTableError> {
        let mut table = Self {
            countries: Vec::new(),
            by_code: vec![None; 26 * 26],
            by_name: HashMap::new(),
            by_words: HashMap::new(),
        };
        for (index, line) in csv
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#') && *line != HEADER)
        {
            table.add_line(line).ok_or(CountryTableError::Line {
                line: index + 1,
                text: line,
            })??;
        }
        // Everybody writes UK; ISO 3166-1 reserves it for the same country.
        if let Some(index) = table.by_name.get("gb").copied() {
            table.add_name("UK", index)?;
        }
        Ok(table)
    }

    /// `None` when the line has another form than the header says.
    fn add_line(&mut self, line: &'static str) -> Option<Result<(), CountryTableError>> {
        let mut fields = line.split(',');
        let (code, name_en, name_zh, also) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() || name_en.is_empty() || name_zh.is_empty() {
            return None;
        }
        let index = self.countries.len();
        self.by_code[cell_of(code)?] = Some(index);
        self.countries.push(Country {
            code,
            name_en,
            name_zh,
        });
        let also = also.split('/').filter(|name| !name.is_empty());
        Some(
            [code, name_en, name_zh]
                .into_iter()
                .chain(also)
                .try_for_each(|name| self.add_name(name, index)),
        )
    }

    /// The country of a name, compared by its words alone.
    fn worded(&self, text: &str) -> Option<&'static str> {
        let index = (*self.by_words.get(&plain_words(text)?)?)?;
        Some(self.countries[index].code)
    }

    fn add_name(&mut self, name: &str, index: usize) -> Result<(), CountryTableError> {
        if let Some(words) = plain_words(name) {
            let known = self.by_words.entry(words).or_insert(Some(index));
            *known = known.filter(|&known| known == index);
        }
        match self.by_name.insert(name.to_lowercase(), index) {
            Some(earlier) => Err(CountryTableError::NameTwice {
                name: name.to_owned(),
                first: self.countries[earlier].code,
                second: self.countries[index].code,
            }),
            None => Ok(()),
        }
    }

    fn country(&self, code: &str) -> Option<&Country> {
        self.by_code[cell_of(code)?].map(|index| &self.countries[index])
    }
}

fn cell_of(code: &str) -> Option<usize> {
    match code.as_bytes() {
        [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => {
            Some(usize::from(first - b'A') * 26 + usize::from(second - b'A'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_has_the_249_countries() {
        let table = CountryTable::parse(include_str!("../data/countries.csv")).expect("the shipped table");
        assert_eq!(table.countries.len(), 249);
        assert!(table.countries.is_sorted_by_key(|country| country.code));
    }

    #[test]
    fn a_country_has_names_in_both_languages() {
        assert_eq!((name_en("RU"), name_zh("RU")), (Some("Russia"), Some("俄罗斯")));
        assert_eq!((name_en("BR"), name_zh("MX")), (Some("Brazil"), Some("墨西哥")));
        assert_eq!((name_en("XX"), name_zh("ru")), (None, None));
    }

    #[test]
    fn codes_are_read_in_any_case_and_names_in_both_languages() {
        for (cell, code) in [
            ("ES", "ES"),
            ("es", "ES"),
            ("UK", "GB"),
            ("uk", "GB"),
            ("Russian Federation", "RU"),
            ("SPAIN", "ES"),
            ("法国", "FR"),
            ("中国香港", "HK"),
            ("香港", "HK"),
            ("Türkiye", "TR"),
            ("turkey", "TR"),
            ("Côte d'Ivoire", "CI"),
        ] {
            assert_eq!(canonical(cell), Some(code), "{cell}");
        }
    }

    #[test]
    fn the_platforms_codes_and_names_mean_their_countries() {
        for (cell, code) in [
            ("SRB", "RS"),
            ("MNE", "ME"),
            ("GGY", "GG"),
            ("JEY", "JE"),
            ("ALA", "AX"),
            ("ASC", "SH"),
            ("TLS", "TL"),
            ("ZR", "CD"),
            ("TP", "TL"),
            ("FX", "FR"),
            ("Croatia (local name: Hrvatska)", "HR"),
            ("Hong Kong,China", "HK"),
            ("Macau,China", "MO"),
            ("Taiwan, China", "TW"),
            ("Slovakia (Slovak Republic)", "SK"),
            ("Virgin Islands (British)", "VG"),
            ("Korea, Republic of", "KR"),
            ("Congo, The Democratic Republic Of The", "CD"),
            ("Côte d’Ivoire", "CI"),
            ("Cote D'Ivoire", "CI"),
            ("俄羅斯", "RU"),
            ("俄國", "RU"),
            ("Россия", "RU"),
            ("Russian Federation (the)", "RU"),
            ("Deutschland", "DE"),
            ("義大利", "IT"),
            ("Trinidad & Tobago", "TT"),
            ("Korea, Democratic People's Republic of", "KP"),
            ("Korea (Democratic People's Republic of)", "KP"),
            ("Korea, North", "KP"),
            ("D.P.R. Korea", "KP"),
            ("朝鮮", "KP"),
            ("КНДР", "KP"),
            ("敘利亞", "SY"),
            ("Сирия", "SY"),
            ("ES-Spain", "ES"),
            ("西班牙(Spain)", "ES"),
            ("Spain 西班牙", "ES"),
            ("西班牙 Spain", "ES"),
            ("ES/西班牙", "ES"),
            ("中国香港", "HK"),
            ("香港特别行政区", "HK"),
            ("中国台湾省", "TW"),
            ("U.K.", "GB"),
            ("U.S.", "US"),
            ("Estados Unidos", "US"),
            ("Reino Unido", "GB"),
            ("Alemania", "DE"),
            ("Allemagne", "DE"),
            ("Frankreich", "FR"),
            ("Polônia", "PL"),
            ("США", "US"),
            ("한국", "KR"),
            ("Czech", "CZ"),
            ("象牙海岸", "CI"),
        ] {
            assert_eq!(meant(cell), Some(code), "{cell}");
        }
        for cell in [
            "AN",
            "YU",
            "CS",
            "SU",
            "KS",
            "Other",
            "ESP",
            "Spain/France",
            "Korea (North) or so",
            "Guinea (Atlantis)",
            "",
            "()",
            "local name: x",
        ] {
            assert_eq!(meant(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_is_no_country_is_refused() {
        for cell in [
            "",
            "XX",
            "ZZ",
            "EU",
            "E",
            "ESP",
            "Atlantis",
            "亚特兰蒂斯",
            "1A",
            "é",
        ] {
            assert_eq!(canonical(cell), None, "{cell}");
            assert!(!is_country(cell), "{cell}");
        }
        assert!(is_country("GB") && !is_country("UK") && !is_country("gb"));
    }

    #[test]
    fn a_name_of_two_countries_is_refused() {
        let twice = CountryTable::parse("GN,Guinea,几内亚,\nGW,Guinea,几内亚比绍,").err();
        let expected = CountryTableError::NameTwice {
            name: "Guinea".to_owned(),
            first: "GN",
            second: "GW",
        };
        assert_eq!(twice, Some(expected));
        assert!(CountryTable::parse("GN,Guinea").is_err());
    }
}
