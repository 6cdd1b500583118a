//! Why an entry stands is told in English and in Chinese; what an entry keeps is English, and stays as it was posted.

use domain::because::Seen;
use domain::explain::explain;
use domain::{Because, Cents, Clause, OrderStatus, RowCode};

use crate::season::{Case, cents, day, deadline, paid};

/// B4's reason with its arithmetic as an entry keeps it.
fn not_signed(comparison: &str) -> Because {
    Because::NotSigned {
        paid_at: paid(),
        deadline: deadline(),
        signed_at: None,
        order_usd: cents("645.48"),
        comparison: comparison.to_owned(),
        held_by_appeal: Some("A-1".to_owned()),
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
        },
        Because::Silence {
            silent_from: at,
            silent_until: None,
            comparison: "60 h 00 m > 48 h 00 m".to_owned(),
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
    assert!(told.en.ends_with(comparison), "{}", told.en);
    assert!(
        told.zh.ends_with("未签收：645.48 的 5 %，上限 50.00 = 32.27"),
        "{}",
        told.zh
    );

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
        told.zh.contains("：0.05 × 645.48 = 32.27；因申诉挂起 A-1"),
        "{}",
        told.zh
    );
}
