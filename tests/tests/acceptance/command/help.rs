//! Help, in English and in Chinese.

use std::path::Path;
use std::process::Command;

use tests::Ran;

use crate::command::waymark;

/// What the command says in a locale.
fn said_in(locale: Option<&str>, arguments: &[&str]) -> Ran {
    let mut command = waymark(Path::new("state")).command(arguments);
    command.envs(locale.map(|locale| ("LANG", locale)));
    Ran::of(command.output().expect("the command can be started"))
}

const CHINESE: Option<&str> = Some("zh_CN.UTF-8");

/// Lines of help with words of their own in them.
const PAGES: [(&[&str], &[&str]); 6] = [
    (
        &["--help"],
        &[
            "用法：waymark [选项] <命令>",
            "命令：",
            "ledger    账本分录和余额",
            "help      显示本帮助，或某个命令的帮助",
            "选项：",
            "（默认 .waymark）",
            "-V, --version         显示版本",
        ],
    ),
    (&["-h"], &["用法：waymark [选项] <命令>"]),
    (
        &["scan", "--help"],
        &[
            "用法：waymark scan [选项] <WHICH>",
            "参数：",
            "- signoffs：已满 30 天的订单",
            "--shadow-policy <FILE>",
            "-h, --help",
        ],
    ),
    (
        &["ledger", "verify", "--help"],
        &["用法：waymark ledger verify [选项]", "--newest <SHA256>"],
    ),
    (
        &["help", "ledger"],
        &["用法：waymark ledger [选项] [命令]", "verify"],
    ),
    (&["ledger", "help", "help"], &["用法：", "核验账本"]),
];

#[test]
fn help_is_chinese_where_chinese_is_asked_for_or_the_locale_is() {
    for (arguments, words) in PAGES {
        let by_locale = said_in(CHINESE, arguments);
        assert_eq!((by_locale.status, by_locale.stderr.as_str()), (0, ""));
        for words in words {
            assert!(by_locale.stdout.contains(words), "`{words}` in {by_locale:?}");
        }
        for english in ["Usage", "Options", "Print", "default", "possible"] {
            assert!(
                !by_locale.stdout.contains(english),
                "`{english}` in {by_locale:?}"
            );
        }
        if arguments.contains(&"help") {
            // The words behind `help` are commands: `--lang` goes before it.
            let asked: Vec<&str> = ["--lang", "zh"].iter().chain(arguments).copied().collect();
            assert_eq!(said_in(None, &asked).stdout, by_locale.stdout);
        } else {
            let asked: Vec<&str> = arguments.iter().chain(&["--lang", "zh"]).copied().collect();
            assert_eq!(said_in(None, &asked).stdout, by_locale.stdout);
        }
    }
}

#[test]
fn help_that_nobody_asked_for_is_chinese_too_and_a_complaint() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waymark-under-test"));
    command.env_clear().envs([("LANG", "zh_CN.UTF-8")]);
    let ran = Ran::of(command.output().expect("the command can be started"));
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("[选项] <命令>"), "{ran:?}");
}

#[test]
fn help_is_english_everywhere_else() {
    for (arguments, _) in PAGES {
        let plain = said_in(None, arguments);
        assert_eq!(plain.status, 0);
        assert!(plain.stdout.contains("Usage: waymark"), "{plain:?}");
        assert!(!plain.stdout.contains("用法"), "{plain:?}");
        assert_eq!(said_in(Some("en_US.UTF-8"), arguments).stdout, plain.stdout);
        let asked: Vec<&str> = ["--lang=en"].iter().chain(arguments).copied().collect();
        assert_eq!(said_in(CHINESE, &asked).stdout, plain.stdout);
    }
}

#[test]
fn what_a_command_says_follows_the_locale_unless_a_language_is_asked_for() {
    let identify = ["identify", "3318810025"];
    let english = said_in(None, &identify);
    let chinese = said_in(CHINESE, &identify);
    assert_eq!(
        (english.status, chinese.status),
        (0, 0),
        "{english:?} {chinese:?}"
    );
    assert!(
        english.stdout.is_ascii() && !chinese.stdout.is_ascii(),
        "{english:?} {chinese:?}"
    );
    let asked = |lang| [&["--lang", lang], &identify[..]].concat();
    assert_eq!(said_in(CHINESE, &asked("en")).stdout, english.stdout);
    assert_eq!(said_in(None, &asked("zh")).stdout, chinese.stdout);
}

#[test]
fn bad_usage_is_reported_in_the_language_of_the_locale() {
    let ran = said_in(CHINESE, &["scan", "everything"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.starts_with("错误：参数") && ran.stderr.contains("可填写：stalls、signoffs、night。"),
        "{ran:?}"
    );
    let english = said_in(None, &["scan", "everything"]);
    assert_eq!(english.status, 2);
    assert!(english.stderr.starts_with("error: invalid value"), "{english:?}");
}
