//! The words of each language, tried by their own examples and by every taker in a sentence.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::words::forms_of;
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    words: BTreeMap<Role, Vec<String>>,
    grid: Grid,
    examples: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    verbs: Vec<String>,
    frames: Vec<String>,
}

/// What an example list is named by.
const READINGS: [(&str, Option<Handover>); 11] = [
    ("signed", Some(Handover::Signed)),
    ("by_proxy", Some(Handover::ByProxy)),
    ("at_station", Some(Handover::AtStation)),
    ("with_carrier", Some(Handover::WithCarrier)),
    ("returned", Some(Handover::Returned)),
    ("returning", Some(Handover::Returning)),
    ("failed", Some(Handover::Failed)),
    ("on_round", Some(Handover::OnRound)),
    ("expected", Some(Handover::Expected)),
    ("unclear", Some(Handover::Unclear)),
    ("nothing", None),
];

fn grammar() -> &'static Grammar {
    static SHIPPED: LazyLock<Grammar> = LazyLock::new(|| {
        let texts = LANGUAGES.map(|(language, _)| (language, text_of(language)));
        let languages: Vec<_> = texts
            .iter()
            .map(|(language, text)| (*language, text.as_str()))
            .collect();
        Grammar::parse(&languages).unwrap_or_else(|error| panic!("{error}"))
    });
    &SHIPPED
}

/// A language's file, read where it lies: words are tried without compiling anew.
fn text_of(language: &str) -> String {
    let path = format!("{}/data/handovers/{language}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a language's file")
}

fn files() -> Vec<(&'static str, LanguageFile)> {
    let read = |(name, _): &(&'static str, &str)| {
        let file = toml::from_str(&text_of(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (*name, file)
    };
    LANGUAGES.iter().map(read).collect()
}

fn read(grammar: &Grammar, text: &str) -> Option<Handover> {
    grammar.read(&Wording::of(text).expect("a text with words"))
}

#[test]
fn every_example_is_read_as_its_list_says() {
    let grammar = grammar();
    let mut wrong = Vec::new();
    for (language, file) in files() {
        assert_eq!(
            file.examples.len(),
            READINGS.len(),
            "{language} lacks a list of examples"
        );
        for (list, expected) in READINGS {
            for text in &file.examples[list] {
                let found = read(grammar, text);
                if found != expected {
                    wrong.push(format!("{language}: {text:?} is {found:?}, not {expected:?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} examples:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Every form of the entries of a role, as a sentence has it.
fn forms(file: &LanguageFile, role: Role) -> impl Iterator<Item = String> {
    let entries = file.words.get(&role).into_iter().flatten();
    entries.flat_map(|entry| forms_of(&entry.replace('*', "")).expect("an entry"))
}

/// Verbs in every language with every taker, and whether the frame links the two.
fn sentences(file: &LanguageFile, role: Role) -> Vec<String> {
    let grid = &file.grid;
    let frames = if role == Role::LinkedCarrier {
        &grid.frames[..1]
    } else {
        &grid.frames[..]
    };
    let mut sentences = Vec::new();
    for taker in forms(file, role) {
        for frame in frames {
            let with = |verb: &String| frame.replace("{verb}", verb).replace("{taker}", &taker);
            sentences.extend(grid.verbs.iter().map(with));
        }
    }
    sentences
}

#[test]
fn who_takes_a_parcel_decides_in_every_language() {
    let grammar = grammar();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (language, file) in files() {
        for (role, allowed) in [
            (Role::Recipient, &[Handover::Signed, Handover::ByProxy][..]),
            (Role::Proxy, &[Handover::ByProxy]),
            (
                Role::Carrier,
                &[Handover::WithCarrier, Handover::AtStation, Handover::OnRound],
            ),
            (
                Role::LinkedCarrier,
                &[Handover::WithCarrier, Handover::AtStation, Handover::Unclear],
            ),
            (Role::Station, &[Handover::AtStation]),
            (Role::Sender, &[Handover::Returned]),
        ] {
            for text in sentences(&file, role) {
                count += 1;
                let found = read(grammar, &text);
                if !found.is_some_and(|found| allowed.contains(&found)) {
                    wrong.push(format!("{language} {role:?}: {text:?} is {found:?}"));
                }
            }
        }
    }
    assert!(count > 5_000, "{count} sentences");
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}

/// What may stand around a sentence: deliveries among it.
const AROUND: [&str; 14] = [
    "Delivered.",
    "Signed by the recipient.",
    "已签收，签收人：本人。",
    "Вручено адресату.",
    "Entregado al destinatario!",
    "Entregue;",
    "12:30",
    "Thank you",
    "MADRID - ",
    "Zugestellt an Nachbarn.",
    "配達完了。",
    "배달완료.",
    "תודה.",
    "",
];

proptest! {
    #[test]
    fn no_text_that_names_another_taker_than_the_recipient_is_signed(
        language in 0..LANGUAGES.len(),
        role in prop::sample::select(vec![Role::Carrier, Role::Station, Role::Sender]),
        which in any::<prop::sample::Index>(),
        before in prop::sample::select(AROUND.to_vec()),
        behind in prop::sample::select(AROUND.to_vec()),
    ) {
        static FILES: LazyLock<Vec<(&str, LanguageFile)>> = LazyLock::new(files);
        let sentences = sentences(&FILES[language].1, role);
        let sentence = which.get(&sentences);
        let text = format!("{before} {sentence}. {behind}");
        let found = read(grammar(), &text);
        prop_assert!(!matches!(found, Some(Handover::Signed | Handover::ByProxy)), "{text}: {found:?}");
    }
}

#[test]
fn faulty_words_are_refused_by_name() {
    for entry in [
        "",
        "...",
        "(a|b",
        "a)",
        "a*b",
        "(a|b|c|d|e|f|g|h)(a|b|c|d|e|f|g|h)(a|b|c|d|e|f|g|h)",
    ] {
        let text = format!("[words]\nto = ['{entry}']");
        let refused = Grammar::parse(&[("xx", &text)])
            .err()
            .map(|error| error.to_string());
        assert!(
            refused.is_some_and(|refused| refused.contains("of xx")),
            "{entry}"
        );
    }
    assert!(Grammar::parse(&[("xx", "[words]\nunknown_role = []")]).is_err());
}
