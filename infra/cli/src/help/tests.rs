use std::collections::BTreeSet;

use super::*;

/// A table of the texts and a key in it.
type Key = (String, String);

/// What the command line has to be told, found among the texts or missing there.
#[derive(Default)]
struct Walk {
    found: BTreeSet<Key>,
    missing: Vec<Key>,
}

impl Walk {
    fn command(&mut self, command: &Command, above: &str) {
        let place = place(command, above);
        self.look(&place, "about", None);
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            self.look(&place, id, Some("shared"));
            for value in argument.get_possible_values() {
                self.look(&place, &format!("{id}.{}", value.get_name()), Some("shared"));
            }
        }
        if place != HELP {
            command
                .get_subcommands()
                .for_each(|below| self.command(below, &place));
        }
    }

    fn look(&mut self, place: &str, key: &str, or_in: Option<&str>) {
        let all = all_keys();
        let keys = std::iter::once(place)
            .chain(or_in)
            .map(|table| (table.to_owned(), key.to_owned()));
        match keys.clone().find(|key| all.contains(key)) {
            Some(key) => {
                self.found.insert(key);
            }
            None => self.missing.extend(keys.take(1)),
        }
    }
}

fn all_keys() -> BTreeSet<Key> {
    let shared = std::iter::once(("shared", &SHIPPED.shared));
    let commands = SHIPPED
        .commands
        .iter()
        .map(|(place, texts)| (place.as_str(), texts));
    let tables = shared.chain(commands);
    tables
        .flat_map(|(table, texts)| texts.keys().map(|key| (table.to_owned(), key.clone())))
        .collect()
}

fn built() -> Command {
    let mut command = Arguments::command();
    command.build();
    command
}

/// Every page of help, with the name of its command.
fn pages(command: &Command, above: &str, width: usize) -> Vec<(String, String)> {
    let place = place(command, above);
    let page = anstream::adapter::strip_str(&page(command.clone(), above, width)).to_string();
    let below = command.get_subcommands().filter(|_| place != HELP);
    let below = below.flat_map(|below| pages(below, &place, width));
    std::iter::once((place.clone(), page)).chain(below).collect()
}

fn language_of(line: &[&str], variables: &[(&str, &str)]) -> Lang {
    let line: Vec<OsString> = line.iter().map(OsString::from).collect();
    language(&line, |name| {
        let set = variables.iter().find(|(set, _)| *set == name);
        set.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn every_command_argument_and_value_has_a_chinese_text_and_every_text_is_of_one() {
    let mut walk = Walk::default();
    walk.command(&built(), "");
    assert_eq!(walk.missing, [], "without a Chinese text");
    let left: Vec<Key> = all_keys().difference(&walk.found).cloned().collect();
    assert_eq!(left, [], "texts of nothing");
    assert!(walk.found.len() > 60, "the whole tree was walked");
    let texts = SHIPPED.commands.values().chain([&SHIPPED.shared]);
    for text in texts.flat_map(BTreeMap::values) {
        assert!(
            text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{text}"
        );
    }
}

#[test]
fn a_page_names_what_the_english_one_names_and_nothing_else() {
    let names = |page: &str| -> BTreeSet<String> {
        // A name stands first in its line.
        let firsts = page.lines().filter(|line| line.starts_with("  "));
        let words = firsts.flat_map(|line| line.split([' ', ',']));
        words
            .filter(|word| word.starts_with("--") || word.starts_with('<'))
            .map(str::to_owned)
            .collect()
    };
    let mut command = built();
    for sub in ["validate", "scan", "diagnose", "up"] {
        let command = command.find_subcommand_mut(sub).expect("a command");
        let english = command.render_help().to_string();
        let chinese = page(command.clone(), "waymark", WIDTH_MAX);
        let chinese = anstream::adapter::strip_str(&chinese).to_string();
        assert_eq!(names(&chinese), names(&english), "{chinese}");
    }
}

#[test]
fn a_page_is_80_columns_wide_and_narrower_in_a_narrow_terminal() {
    for width in [80, 64] {
        for (place, page) in pages(&built(), "", width) {
            for line in page.lines() {
                assert!(display_width(line) <= width, "{place}: {line}");
            }
            assert!(!page.contains("Usage") && !page.contains("OPTIONS"), "{page}");
        }
    }
    assert!(!pages(&built(), "", 0).is_empty());
}

#[test]
fn the_language_is_the_one_asked_for_anywhere_else_the_locales() {
    let chinese_locale = [("LANG", "zh_CN.UTF-8")];
    for (line, variables, lang) in [
        (&["waymark", "--help"][..], &[][..], Lang::En),
        (&["waymark", "--help"], &chinese_locale, Lang::Zh),
        (&["waymark", "--help", "--lang", "zh"], &[], Lang::Zh),
        (&["waymark", "--lang=zh", "scan", "--help"], &[], Lang::Zh),
        (&["waymark", "--lang=en", "--help"], &chinese_locale, Lang::En),
        (&["waymark", "--lang", "fr", "--help"], &chinese_locale, Lang::Zh),
        (&["waymark", "--help", "--lang"], &[], Lang::En),
        (
            &["waymark", "identify", "--help", "--", "--lang", "zh"],
            &[],
            Lang::En,
        ),
        (
            &["waymark"],
            &[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")],
            Lang::En,
        ),
        (
            &["waymark"],
            &[("LC_ALL", ""), ("LC_MESSAGES", "zh_CN"), ("LANG", "en_US")],
            Lang::Zh,
        ),
    ] {
        assert_eq!(language_of(line, variables), lang, "{line:?} {variables:?}");
    }
}
