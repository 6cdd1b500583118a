use super::*;

const PACIFIC: Zone = chrono_tz::America::Los_Angeles;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's instant")
}

#[test]
fn a_local_time_that_exists_twice_gives_both_readings() {
    let written = WrittenTime::parse("2024-11-03 01:30", PACIFIC);
    let expected = WrittenTime::Ambiguous {
        earlier: at("2024-11-03T08:30:00Z"),
        later: at("2024-11-03T09:30:00Z"),
    };
    assert_eq!(written, Ok(expected));
}

#[test]
fn a_local_time_that_does_not_exist_is_an_error() {
    for text in ["2024-03-10 02:30", "2024-03-10 02:30 PST"] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::Skipped),
            "{text}"
        );
    }
    let in_beijing = TimeText::parse("2024-03-10 02:30").and_then(|text| text.read_in(StatedZone::BEIJING));
    assert_eq!(in_beijing, Ok(WrittenTime::Exact(at("2024-03-09T18:30:00Z"))));
}

/// A day, the text between it and its time, the time and what it is, the half of the day and the hours it adds, the zone
/// and the instant's hour of UTC when the clock shows 9: every combination that the grid accepts.
#[test]
fn every_form_of_the_grid_is_read() {
    const DAYS: [(&str, bool); 9] = [
        ("2026-11-05", false),
        ("2026-11-5", false),
        ("2026/11/05", false),
        ("2026/11/5", false),
        ("2026.11.05", false),
        ("2026.11.5", false),
        ("2026年11月5日", true),
        ("2026年11月05号", true),
        ("20261105", true),
    ];
    const TIMES: [(&str, i64); 10] = [
        ("9:15", 0),
        ("09:15", 0),
        ("09:15:08", 8),
        ("9:15:08.5", 8),
        ("09:15:08.123456789", 8),
        ("09:15:08,999", 8),
        ("9时15分", 0),
        ("09时15分8秒", 8),
        ("9点15分", 0),
        ("9點15分08秒", 8),
    ];
    const HALVES: [(&str, &str, i64); 9] = [
        ("", "", 0),
        ("上午", "", 0),
        ("上午 ", "", 0),
        ("下午", "", 12),
        ("下午 ", "", 12),
        ("", " AM", 0),
        ("", " PM", 12),
        ("", "pm", 12),
        ("", " p.m.", 12),
    ];
    // With the hour of UTC at which the clock shows midnight.
    const ZONES: [(&str, i64); 17] = [
        ("", 8),
        ("Z", 0),
        ("+08:00", -8),
        ("+0800", -8),
        ("+08", -8),
        ("+8", -8),
        (" +08:00", -8),
        ("-0800", 8),
        ("-08", 8),
        (" UTC", 0),
        (" UTC+8", -8),
        (" GMT+08:00", -8),
        (" (GMT+8)", -8),
        (" PST", 8),
        (" CST", -8),
        (" 北京时间", -8),
        ("（北京时间）", -8),
    ];
    let midnight = at("2026-11-05T00:00:00Z").unix();
    let mut read = 0;
    for (day, may_touch) in DAYS {
        for (time, seconds) in TIMES {
            for (before, behind, hours) in HALVES {
                for (zone, offset) in ZONES {
                    // `AMZ` is no word.
                    if zone == "Z" && !behind.is_empty() {
                        continue;
                    }
                    for between in [" ", "  ", "T", ""] {
                        if between.is_empty() && !may_touch && before.is_empty() {
                            continue;
                        }
                        // Digits one behind the other are a time of their own form.
                        if between.is_empty() && day == "20261105" && before.is_empty() {
                            continue;
                        }
                        let text = format!("{day}{between}{before}{time}{behind}{zone}");
                        let expected = midnight + (9 + hours + offset) * 3_600 + 15 * 60 + seconds;
                        assert_eq!(
                            WrittenTime::parse(&text, PACIFIC),
                            Ok(WrittenTime::Exact(Timestamp::from_unix(expected))),
                            "{text}"
                        );
                        read += 1;
                    }
                }
            }
        }
    }
    assert!(read > 40_000, "{read} forms");
}

#[test]
fn a_month_by_its_name_leaves_no_doubt_which_number_is_the_day() {
    const DAYS: [&str; 20] = [
        "5 Nov 2026",
        "05-Nov-2026",
        "05-NOV-2026",
        "5/Nov/2026",
        "5 November 2026",
        "5 November, 2026",
        "5th November 2026",
        "Nov 5, 2026",
        "Nov 05 2026",
        "Nov. 5, 2026",
        "November 5th, 2026",
        "Thu, 5 Nov 2026",
        "Thursday, November 5, 2026",
        "5 ноября 2026",
        "5 ноября 2026 г.",
        "5 de noviembre de 2026",
        "5 de novembro de 2026",
        "5 novembre 2026",
        "5. November 2026",
        "05 nov. 2026",
    ];
    const TIMES: [(&str, &str); 8] = [
        ("09:15", "2026-11-05T17:15:00Z"),
        ("9:15:08", "2026-11-05T17:15:08Z"),
        ("9:15 AM", "2026-11-05T17:15:00Z"),
        ("9:15 pm", "2026-11-06T05:15:00Z"),
        ("09:15:08.5", "2026-11-05T17:15:08Z"),
        ("09:15:00 GMT", "2026-11-05T09:15:00Z"),
        ("09:15 +08:00", "2026-11-05T01:15:00Z"),
        ("09:15 (北京时间)", "2026-11-05T01:15:00Z"),
    ];
    for day in DAYS {
        for between in [" ", ", ", "  ", " at "] {
            for (time, expected) in TIMES {
                let text = format!("{day}{between}{time}");
                let written = WrittenTime::parse(&text, PACIFIC);
                assert_eq!(written, Ok(WrittenTime::Exact(at(expected))), "{text}");
            }
        }
        assert_eq!(
            WrittenTime::parse(day, PACIFIC),
            Err(TimeError::DateOnly),
            "{day}"
        );
        assert_eq!(parse_day(day).ok(), NaiveDate::from_ymd_opt(2026, 11, 5), "{day}");
    }
    for text in [
        "5 Nov 26 09:15",
        "Nov 2026 09:15",
        "31 Nov 2026 09:15",
        "5 Smarch 2026 09:15",
        "Fri, 5 Nov 2026 09:15",
        "5 Nov 202609:15",
        "Nov 5 09:15",
        "Nov",
    ] {
        let written = WrittenTime::parse(text, PACIFIC);
        assert_eq!(written, Err(TimeError::Unreadable), "{text}");
    }
    let with_comma = WrittenTime::parse("2026-11-05, 09:15:00", PACIFIC);
    assert_eq!(with_comma, Ok(WrittenTime::Exact(at("2026-11-05T17:15:00Z"))));
}

#[test]
fn digits_without_separators_are_read_as_the_platforms_api_writes_them() {
    for (text, expected) in [
        ("20261105091500000-0800", "2026-11-05T17:15:00Z"),
        ("20261105091500000+0800", "2026-11-05T01:15:00Z"),
        ("20261105091508999", "2026-11-05T17:15:08Z"),
        ("20261105091508", "2026-11-05T17:15:08Z"),
        ("202611050915", "2026-11-05T17:15:00Z"),
        ("20261105T091508Z", "2026-11-05T09:15:08Z"),
        ("20261105 0915", "2026-11-05T17:15:00Z"),
        ("20261105 091508.5 PST", "2026-11-05T17:15:08Z"),
    ] {
        let written = WrittenTime::parse(text, PACIFIC);
        assert_eq!(written, Ok(WrittenTime::Exact(at(expected))), "{text}");
    }
    for text in [
        "2026110509",
        "202611050915080",
        "2026110509150812",
        "1793869200000",
        "1793869200",
    ] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::Unreadable),
            "{text}"
        );
    }
}

#[test]
fn noon_and_midnight_are_read_as_clocks_of_twelve_hours_show_them() {
    for (text, expected) in [
        ("2026-11-05 上午12:30", "2026-11-05T08:30:00Z"),
        ("2026-11-05 12:30 AM", "2026-11-05T08:30:00Z"),
        ("2026-11-05 下午12:30", "2026-11-05T20:30:00Z"),
        ("2026-11-05 下午14:30", "2026-11-05T22:30:00Z"),
        ("2026年11月29日上午9时05分", "2026-11-29T17:05:00Z"),
    ] {
        let written = WrittenTime::parse(text, PACIFIC);
        assert_eq!(written, Ok(WrittenTime::Exact(at(expected))), "{text}");
    }
    for text in [
        "2026-11-05 上午14:30",
        "2026-11-05 下午0:30",
        "2026-11-05 下午2:30 PM",
        "2026-11-05 25:00 AM",
    ] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::Unreadable),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_time_is_refused_by_what_it_lacks() {
    for text in [
        "2024-07-01",
        "2024/7/1",
        "2024年7月1日",
        "20240701",
        "2024.07.01 ",
    ] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::DateOnly),
            "{text}"
        );
    }
    for text in [
        "05/11/2026 09:15",
        "29/11/2026",
        "11-29-2026 09:15:00",
        "5.11.2026 9:15 +08:00",
    ] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::YearLast),
            "{text}"
        );
    }
    for text in [
        "",
        "yesterday",
        "2024-13-01 08:00",
        "2024-02-30",
        "45000.5",
        "2024-07/01 08:00",
        "2024-07-01 24:00",
        "2024-07-01 08:60",
        "2024-07-01 8:5",
        "2024-07-01 08",
        "2024-07-0108:00",
        "24-07-01 08:00",
        "2024年7月1 08:00",
        "2024-07-01 08:00:00.",
        "2024-07-01 08:00 IST",
        "2024-07-01 08:00+15:00",
        "2024-07-01 08:00 (北京时间",
        "2024-07-01 08:00 2024-07-02 08:00",
    ] {
        assert_eq!(
            WrittenTime::parse(text, PACIFIC),
            Err(TimeError::Unreadable),
            "{text}"
        );
    }
    assert_eq!(
        WrittenTime::parse("0024-07-01 08:00", PACIFIC),
        Err(TimeError::TooEarly)
    );
}

#[test]
fn a_day_with_its_year_last_names_its_readings_and_each_is_accepted() {
    for (text, readings) in [
        ("05/11/2026 09:15", &["2026-05-11 09:15", "2026-11-05 09:15"][..]),
        ("29/11/2026 09:15", &["2026-11-29 09:15"]),
        ("11.11.2026 9:15", &["2026-11-11 9:15"]),
        ("31/31/2026 09:15", &[]),
        ("2026-11-05 09:15", &[]),
    ] {
        let given = year_first_readings(text);
        assert_eq!(given, readings, "{text}");
        for reading in given {
            assert!(
                matches!(WrittenTime::parse(&reading, PACIFIC), Ok(WrittenTime::Exact(_))),
                "{reading}"
            );
        }
    }
}

#[test]
fn a_calendar_day_is_read_with_its_year_first() {
    let expected = NaiveDate::from_ymd_opt(2026, 11, 5);
    for text in [
        "2026-11-05",
        "2026/11/5",
        "2026.11.05",
        "2026年11月5日",
        "20261105",
        "2026-11-05 00:00:00",
        "2026/11/5 0:00",
    ] {
        assert_eq!(parse_day(text).ok(), expected, "{text}");
    }
    assert_eq!(parse_day("05/11/2026"), Err(TimeError::YearLast));
    for text in [
        "2026-11-31",
        "2026-11-05 09:15",
        "2026-11-05T00:00:00Z",
        "2026-11",
        "11-05",
        "0026-11-05",
    ] {
        assert_eq!(parse_day(text), Err(TimeError::Unreadable), "{text}");
    }
}
