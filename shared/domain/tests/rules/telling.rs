//! Why an entry stands is told in English and in Chinese; what an entry keeps is English, and stays as it was posted.

use chrono::NaiveDate;
use domain::because::{Refused, Seen, SignOffGrounds, SilenceEnd, Told};
use domain::exchange::DatedRate;
use domain::explain::explain;
use domain::facts::{OrderFact, TrackingFact};
use domain::{
    AppealStatus, AppealedClause, Because, Cents, Clause, Currency, Finding, Money, Node, OrderStatus, Rate,
    RowCode, SendType, Source, Timestamp, Uploader,
};

use crate::season::{
    Case, NUMBERS, appeal_fact, cents, day, deadline, decision_fact, failing_fact, hour, order_fact, paid,
};

/// B4's reason with its arithmetic as an entry keeps it.
fn not_signed(comparison: &str) -> Because {
    Because::NotSigned {
        paid_at: paid(),
        deadline: deadline(),
        signed_at: None,
        order_usd: cents("645.48"),
        comparison: comparison.to_owned(),
        held_by_appeal: Some("A-1".to_owned()),
        grounds: SignOffGrounds::default(),
    }
}

/// A reason of every form.
fn reasons() -> Vec<Because> {
    let (at, appeal_id) = (day(20), "A-1".to_owned());
    vec![
        Because::UploadFailed {
            code: RowCode::NumFormat,
            uploaded_at: at,
            row: 7,
            refused: Refused::default(),
        },
        Because::UploadFailed {
            code: RowCode::NumFormat,
            uploaded_at: at,
            row: 7,
            refused: Refused {
                value: "12345".to_owned(),
                also: vec![
                    (RowCode::InvoiceMissing, String::new()),
                    (RowCode::TaxIdInvalid, "39**44".to_owned()),
                ],
                file: "MAY.CSV".to_owned(),
            },
        },
        Because::Silence {
            silent_from: at,
            silent_until: None,
            comparison: "60 h 00 m > 48 h 00 m".to_owned(),
            ended_by: None,
        },
        Because::Silence {
            silent_from: at,
            silent_until: Some(day(23)),
            comparison: "72 h 00 m > 48 h 00 m".to_owned(),
            ended_by: Some(SilenceEnd::TakenOver),
        },
        not_signed("2.5 % of 645.48, at most 50.00 = 16.14"),
        Because::AppealAccepted {
            appeal_id: appeal_id.clone(),
            filed_at: at,
            decided_at: at,
        },
        Because::AppealPending {
            appeal_id,
            filed_at: at,
        },
        Because::AmountChanged { due: Cents(120) },
        Because::NoLongerDue {
            latest_fact_recorded_at: Some(at),
            seen: Seen {
                silent_until: Some(at),
                silence: Some("30 h 00 m".to_owned()),
                signed_at: Some(at),
                status: Some((OrderStatus::Refunded, at)),
            },
        },
    ]
}

/// An entry of a night, in both languages.
fn posted(case: &mut Case, as_of: Timestamp) -> Told {
    let entries = case.settle(as_of);
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    entry.because.told(case.book.zone)
}

fn assert_tells(told: &Told, en: &[&str], zh: &[&str]) {
    for part in en {
        assert!(told.en.contains(part), "`{part}` in: {}", told.en);
    }
    for part in zh {
        assert!(told.zh.contains(part), "`{part}` in: {}", told.zh);
    }
}

#[test]
fn a_sign_off_one_second_late_is_told_to_the_second() {
    let mut case = Case::shipped().event(NUMBERS[0], Node::Signed, deadline().next());
    let told = posted(&mut case, day(31));
    let late = "720 h 00 m 01 s > 720 h 00 m";
    let (deadline, signed) = (
        deadline().display_in(case.book.zone),
        deadline().next().display_exact_in(case.book.zone),
    );
    assert!(signed.contains(":01 "), "{signed}");
    assert_tells(
        &told,
        &[late, &format!("deadline {deadline}, signed {signed}")],
        &[late, &format!("截止 {deadline}，签收于 {signed}")],
    );
}

#[test]
fn the_parcels_that_are_not_signed_are_named_with_what_became_of_them() {
    let mut case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(2))
        .upload(NUMBERS[2], SendType::Part, hour(3))
        .event(NUMBERS[0], Node::Signed, day(10))
        .event(NUMBERS[1], Node::Lost, day(12));
    let told = posted(&mut case, past());
    let lost = day(12).display_in(case.book.zone);
    let [signed, gone, travelling] = [NUMBERS[0], NUMBERS[1], NUMBERS[2]];
    assert_tells(
        &told,
        &[&format!(
            "not signed by the deadline: {gone} (lost {lost}), {travelling} (under way)"
        )],
        &[&format!(
            "截止时未签收的包裹：{gone}（{lost} 丢失）、{travelling}（在途）"
        )],
    );
    assert!(!told.en.contains(signed), "{}", told.en);
    let told = posted(&mut Case::paid("80.10"), past());
    assert_tells(
        &told,
        &["no tracking number was live at the deadline"],
        &["截止时没有有效的运单号"],
    );
}

#[test]
fn a_fine_names_the_appeal_that_held_it_failed_or_came_too_late() {
    let filed = |at| appeal_fact(AppealedClause::B4, AppealStatus::Pending, at);
    let mut case = Case::shipped().appeal(filed(day(20)));
    assert_tells(
        &posted(&mut case, past()),
        &["held by appeal A-1, filed"],
        &["因申诉 A-1（提交于"],
    );
    let mut case = case.appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Rejected,
        day(20),
        day(33),
    ));
    let decided = day(33).display_in(case.book.zone);
    assert_tells(
        &posted(&mut case, day(34)),
        &[&format!(", rejected {decided}")],
        &[&format!("于 {decided} 已驳回")],
    );
    let mut case = Case::shipped().appeal(filed(past()));
    assert_tells(
        &posted(&mut case, day(31)),
        &["appeal A-1 was filed", "after the deadline, and holds nothing"],
        &["申诉 A-1 提交于", "晚于截止时间"],
    );
}

#[test]
fn an_order_in_another_currency_is_told_with_its_amount_rate_and_day() {
    let currency = Currency::parse("BRL").expect("a currency");
    let fact = OrderFact {
        amount: Money::parse("1234.56", currency).expect("an amount"),
        ..order_fact()
    };
    let rate = DatedRate {
        rate: Rate::parse("0.1987").expect("a rate"),
        date: NaiveDate::from_ymd_opt(2024, 2, 19).expect("a day"),
        recorded_at: paid(),
    };
    let told = posted(&mut Case::placed_at_rates(&fact, vec![rate]), past());
    assert_tells(
        &told,
        &["1234.56 BRL at 0.1987 of 2024-02-19", "5 % of 245.31"],
        &["1234.56 BRL，汇率 0.1987（2024-02-19）", "245.31 的 5 %"],
    );
}

#[test]
fn a_silence_that_a_replacement_ended_says_so() {
    let case = Case::shipped().event(NUMBERS[0], Node::PickedUp, hour(10));
    let mut case = case.upload(NUMBERS[1], SendType::All, hour(100));
    let told = posted(&mut case, day(8));
    let at = hour(100).display_in(case.book.zone);
    assert_tells(
        &told,
        &[&format!("the number was replaced {at}: 90 h 00 m > 48 h 00 m")],
        &[&format!("该单号于 {at} 被替换：90 h 00 m > 48 h 00 m")],
    );
}

fn refused_row(row: u64, value: &str) -> TrackingFact {
    let finding = |code, column, value| Finding::new(code, column, value);
    TrackingFact {
        findings: vec![
            finding(RowCode::NumFormat, "tracking_number", value),
            finding(RowCode::InvoiceMissing, "invoice_no", ""),
            finding(RowCode::TaxIdMissing, "consignee_tax_id", ""),
        ],
        source: Source { upload: row, row: 3 },
        ..failing_fact(RowCode::NumFormat, hour(2))
    }
}

/// The reason of the order's one A6 after rows of these files, in this order.
fn refused_by(files: &[(&TrackingFact, &str)]) -> Because {
    let mut case = Case::paid("80.10");
    for (fact, file) in files {
        let ruling = case.rule_tracking_of(fact, &Uploader::Operator);
        let policy = case.book.newest();
        case.order.cite_failed_file(fact, &ruling.findings, policy, file);
    }
    let due = case.due(Clause::A6, day(1));
    assert_eq!(due.len(), 1);
    due[0].because.clone()
}

#[test]
fn a_refused_row_is_told_with_its_file_its_cell_and_all_that_it_lacked() {
    let told = refused_by(&[(&refused_row(1, "12345"), "april.csv")]).told(Case::shipped().book.zone);
    assert_tells(
        &told,
        &[
            ", row 3 of april.csv, NUM_FORMAT: The tracking number \"12345\" does not",
            "; INVOICE_MISSING: ",
            "; TAX_ID_MISSING: ",
        ],
        &[
            "，april.csv 第 3 行，NUM_FORMAT：运单号“12345”",
            "；INVOICE_MISSING：",
            "；TAX_ID_MISSING：",
        ],
    );
}

#[test]
fn which_of_several_rows_at_one_place_is_cited_does_not_depend_on_their_arrival() {
    let (one, other, same) = (
        refused_row(1, "12345"),
        refused_row(2, "12346"),
        refused_row(3, "12345"),
    );
    let files = [(&one, "b.csv"), (&other, "a.csv"), (&same, "c.csv")];
    let expected = refused_by(&files);
    let Because::UploadFailed { refused, .. } = &expected else {
        panic!("{expected:?}")
    };
    assert_eq!(
        (refused.value.as_str(), refused.file.as_str()),
        ("12345", "b.csv")
    );
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(refused_by(&order.map(|at| files[at])), expected, "{order:?}");
    }
}

/// The first instant at which the sign-off is late.
fn past() -> Timestamp {
    deadline().next()
}

/// Whether a text has an English word: codes, ids and zones are capitals, units (`h`, `m`) one letter.
fn has_english(text: &str) -> bool {
    let letters: Vec<bool> = text.chars().map(|c| c.is_ascii_lowercase()).collect();
    letters.windows(2).any(|pair| pair == [true, true])
}

#[test]
fn a_reason_told_in_chinese_has_no_english_in_it() {
    let zone = Case::shipped().book.zone;
    for because in reasons() {
        let told = because.told(zone);
        assert!(!has_english(&told.zh), "{}", told.zh);
        assert!(has_english(&told.en) && told.en.is_ascii(), "{}", told.en);
    }
}

#[test]
fn the_arithmetic_of_a_sign_off_is_told_in_both_languages_and_kept_in_one() {
    let mut case = Case::paid("645.48");
    case.settle(day(31));
    let entry = &case.entries[0];
    assert_eq!((entry.clause, entry.amount), (Clause::B4, cents("32.27")));
    let Because::NotSigned { comparison, .. } = &entry.because else {
        panic!("{entry:?}")
    };
    assert_eq!(comparison, "5 % of 645.48, at most 50.00 = 32.27");
    let told = entry.because.told(case.book.zone);
    assert_tells(&told, &[comparison], &["645.48 的 5 %，上限 50.00 = 32.27；"]);

    let explanation = explain(entry, &case.entries, Some(&case.order), &case.book);
    let input = |name: &str| {
        let found = explanation.inputs.iter().find(|input| input.name.en == name);
        found.unwrap_or_else(|| panic!("{name} in {:?}", explanation.inputs))
    };
    let arithmetic = input("arithmetic");
    assert_eq!(&arithmetic.value, comparison);
    let in_chinese = arithmetic.value_zh.as_deref();
    assert_eq!(in_chinese, Some("645.48 的 5 %，上限 50.00 = 32.27"));
    assert_eq!(input("order amount, USD").value_zh, None, "a number has no words");
}

#[test]
fn arithmetic_that_is_written_otherwise_is_told_as_it_is_kept() {
    let told = not_signed("0.05 × 645.48 = 32.27").told(Case::shipped().book.zone);
    assert!(
        told.zh.contains("：0.05 × 645.48 = 32.27；因申诉 A-1 暂缓扣罚"),
        "{}",
        told.zh
    );
}
