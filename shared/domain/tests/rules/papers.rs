//! A4, customs papers, and A5, destinations: per country, by the order's own facts.

use domain::code::Cause;
use domain::facts::{OrderFact, PapersFact, TrackingFact};
use domain::personal::Personal;
use domain::ruling::Verdict;
use domain::{Finding, RowCode, Ruling, SendType};
use proptest::prelude::*;

use crate::season::{Case, NUMBERS, at, codes, hour, order_fact, policy_with, tracking_fact};

fn order_to(destination: &str) -> Case {
    Case::placed(&OrderFact {
        destination: destination.to_owned(),
        ..order_fact()
    })
}

fn uploaded_to(destination: &str, invoice: &str, tax_id: &str) -> Ruling {
    let mut case = order_to(destination);
    case.rule_tracking(TrackingFact {
        papers: PapersFact::read(invoice, &Personal::new(tax_id)),
        ..tracking_fact(NUMBERS[0], SendType::All, hour(1))
    })
}

fn assert_found(destination: &str, invoice: &str, tax_id: &str, expected: &[RowCode]) {
    let ruling = uploaded_to(destination, invoice, tax_id);
    assert_eq!(codes(&ruling), expected, "{destination} {invoice:?} {tax_id:?}");
    let is_warning = |code: &RowCode| *code == RowCode::TaxIdCheckDigit;
    let refused = !expected.iter().all(is_warning);
    assert_eq!(
        (ruling.verdict == Verdict::Rejected, ruling.fined),
        (refused, refused)
    );
}

#[test]
fn a_destination_without_paper_rules_wants_none() {
    assert_found("ES", "", "", &[]);
    assert_found("US", "", "not an id", &[]);
}

#[test]
fn russia_wants_an_invoice_and_an_inn_with_right_check_digits() {
    for inn in ["7707083893", "500100732259"] {
        assert_found("RU", "INV-1", inn, &[]);
        assert_found("RU", "", inn, &[RowCode::InvoiceMissing]);
    }
    assert_found("RU", "INV-1", "", &[RowCode::TaxIdMissing]);
    assert_found("RU", "", "", &[RowCode::InvoiceMissing, RowCode::TaxIdMissing]);
    for wrong in [
        "7707083894",
        "500100732250",
        "77070838",
        "770708389A",
        "11222333000181",
    ] {
        assert_found("RU", "INV-1", wrong, &[RowCode::TaxIdInvalid]);
    }
}

#[test]
fn brazil_wants_an_invoice_and_a_cnpj_or_cpf_with_right_check_digits() {
    for id in [
        "11222333000181",
        "11.222.333/0001-81",
        "12ABC34501DE35",
        "52998224725",
        "529.982.247-25",
    ] {
        assert_found("BR", "INV-1", id, &[]);
    }
    for wrong in ["11222333000182", "12ABC34501DE36", "52998224726", "7707083893"] {
        assert_found("BR", "INV-1", wrong, &[RowCode::TaxIdInvalid]);
    }
    assert_found("BR", "", "52998224725", &[RowCode::InvoiceMissing]);
    assert_found("BR", "INV-1", "", &[RowCode::TaxIdMissing]);
}

#[test]
fn mexico_wants_an_invoice_and_an_rfc_whose_check_digit_only_warns() {
    assert_found("MX", "INV-1", "GODE561231GR8", &[]);
    assert_found("MX", "INV-1", "GODE561231GR9", &[RowCode::TaxIdCheckDigit]);
    assert_found("MX", "INV-1", "GODE569931GR8", &[RowCode::TaxIdInvalid]);
    assert_found("MX", "", "GODE561231GR8", &[RowCode::InvoiceMissing]);
    assert_found("MX", "INV-1", "", &[RowCode::TaxIdMissing]);
}

#[test]
fn the_list_of_countries_that_want_papers_is_the_policys() {
    let book = policy_with(&[(
        "countries = [\"RU\", \"BR\", \"MX\"]",
        "countries = [\"RU\", \"CL\"]",
    )]);
    let rule = |destination: &str, tax_id: &str| {
        let mut case = order_to(destination).under(book.clone());
        codes(&case.rule_tracking(TrackingFact {
            papers: PapersFact::read("INV-1", &Personal::new(tax_id)),
            ..tracking_fact(NUMBERS[0], SendType::All, hour(1))
        }))
    };
    assert_eq!(rule("BR", ""), []);
    // A country whose ids nobody can judge: any id will do, none will not.
    assert_eq!(rule("CL", "76086428-5"), []);
    assert_eq!(rule("CL", ""), [RowCode::TaxIdMissing]);
}

#[test]
fn a_finding_shows_a_tax_id_masked_only() {
    let ruling = uploaded_to("RU", "INV-1", "7707083894");
    assert_eq!(ruling.findings[0].value, "77******94");
    assert!(!format!("{ruling:?}").contains("7707083894"));
    // Nor does what is said of an id whose zero was dropped, or what would be kept of the row.
    let ruling = uploaded_to("BR", "INV-1", "2345678054");
    assert_eq!(ruling.findings[0].cause, Some(Cause::ZeroLost));
    let papers = PapersFact::read("INV-1", &Personal::new("2345678054"));
    let kept = serde_json::to_string(&(&ruling.findings, papers)).expect("JSON");
    assert!(!kept.contains("2345678054"), "{kept}");
}

/// What comes of rows to Brazil, one after the other: each row's tax id, and whether its number is sound.
fn uploaded_in_turn(rows: &[(&str, bool)]) -> Vec<(Vec<RowCode>, bool)> {
    let mut case = order_to("BR");
    let in_turn = rows.iter().enumerate().map(|(place, (tax_id, is_sound))| {
        let sound = tracking_fact(NUMBERS[place % 2], SendType::Part, hour(1 + place as i64));
        let fact = TrackingFact {
            papers: PapersFact::read("INV-1", &Personal::new(*tax_id)),
            number: sound.number.clone().filter(|_| *is_sound),
            findings: if *is_sound {
                Vec::new()
            } else {
                vec![Finding::new(RowCode::NumFormat, "tracking_number", "12345")]
            },
            ..sound
        };
        let ruling = case.rule_tracking(fact);
        (codes(&ruling), ruling.fined)
    });
    in_turn.collect()
}

const MASK: &str = "52*******25";

#[test]
fn a_masked_tax_id_is_the_one_that_the_order_has_shown() {
    let accepted = (vec![], false);
    let refused = (vec![RowCode::TaxIdMasked], false);
    let failed = (vec![RowCode::NumFormat], true);
    let sound = "52998224725";
    for (rows, last) in [
        // Nothing was shown: refused, and not fined.
        (&[(MASK, true)][..], &refused),
        (&[("1234567", true), ("*******", true)], &refused),
        // Shown by a row that stands, or by one that failed for another reason.
        (&[(sound, true), (MASK, true)], &accepted),
        (&[(sound, false), (MASK, true)], &accepted),
        // What failed showed none itself.
        (&[("52998224724", false), (MASK, true)], &refused),
        (&[("", false), (MASK, true)], &refused),
        (&[(MASK, false), (MASK, true)], &refused),
        // A fault of its own is fined as ever.
        (&[(sound, true), (MASK, false)], &failed),
    ] {
        assert_eq!(uploaded_in_turn(rows).last(), Some(last), "{rows:?}");
    }
}

proptest! {
    #[test]
    fn a_masked_tax_id_is_never_judged_nor_fined(rows in prop::collection::vec(
        (prop::sample::select(vec!["52998224725", "52998224724", "", MASK, "****"]), any::<bool>()), 1..8
    )) {
        for ((tax_id, is_sound), (codes, fined)) in rows.iter().zip(uploaded_in_turn(&rows)) {
            let is_masked = tax_id.contains('*');
            let judged = [RowCode::TaxIdMissing, RowCode::TaxIdInvalid];
            prop_assert!(!is_masked || !judged.iter().any(|code| codes.contains(code)), "{:?}", rows);
            prop_assert!(!(is_masked && *is_sound && fined), "{:?}", rows);
        }
    }
}

#[test]
fn the_two_named_countries_are_refused_whenever_paid() {
    for destination in ["KP", "SY"] {
        assert_found(destination, "", "", &[RowCode::DestSanctioned]);
    }
}

#[test]
fn the_embargo_list_in_force_on_the_payment_date_applies() {
    let dated = "country = \"SY\"\nfrom = \"2024-05-01\"\nuntil = \"2024-06-01\"";
    let book = policy_with(&[("country = \"SY\"", dated)]);
    // Days begin in the platform zone, at 07:00 UTC in summer. The day of the upload does not matter.
    let sanctioned = |paid_at: &str| {
        let fact = OrderFact {
            paid_at: at(paid_at),
            recorded_at: at(paid_at),
            destination: "SY".to_owned(),
            ..order_fact()
        };
        let mut case = Case::placed(&fact).under(book.clone());
        let ruling = case.rule_tracking(tracking_fact(
            NUMBERS[0],
            SendType::All,
            at("2024-05-20T00:00:00Z"),
        ));
        codes(&ruling).contains(&RowCode::DestSanctioned)
    };
    assert!(!sanctioned("2024-05-01T06:59:59Z"));
    assert!(sanctioned("2024-05-01T07:00:00Z"));
    assert!(sanctioned("2024-06-01T06:59:59Z"));
    assert!(!sanctioned("2024-06-01T07:00:00Z"));
}
