//! What is proposed for a cell is accepted there, whatever the kind, the code and the cell; what may be two numbers is none.

use domain::carrier::CarrierTable;
use intake::cell::Undone;
use intake::{CheckedRow, Column, Context, Fact, Kind};
use proptest::prelude::*;

use crate::{codes, one, operator, seller, with};

const TRACKING: &[(&str, &str)] = &[
    ("order_id", "8100311000000003"),
    ("carrier", "DHL"),
    ("tracking_number", "3318810025"),
    ("uploaded_at", ""),
    ("send_type", ""),
    ("consignee_tax_id", ""),
    ("paid_at", ""),
    ("amount", ""),
    ("currency", ""),
];
const ORDER: &[(&str, &str)] = &[
    ("order_id", "8100311000000003"),
    ("seller_id", "S1"),
    ("paid_at", "2024-05-01T00:00:00Z"),
    ("amount", "25.00"),
    ("currency", "USD"),
    ("destination_country", "ES"),
    ("status", ""),
    ("status_at", ""),
];
const EVENT: &[(&str, &str)] = &[
    ("carrier", "DHL"),
    ("tracking_number", "3318810025"),
    ("event_code", "picked_up"),
    ("occurred_at", "2024-05-01T00:00:00Z"),
    ("recorded_at", ""),
];
const APPEAL: &[(&str, &str)] = &[
    ("appeal_id", "A1"),
    ("order_id", "8100311000000003"),
    ("clause", "B4"),
    ("reason", "x"),
    ("status", "pending"),
    ("filed_at", "2024-05-01T00:00:00Z"),
    ("decided_at", ""),
];
const RATE: &[(&str, &str)] = &[
    ("date", "2024-05-01"),
    ("currency", "EUR"),
    ("usd_per_unit", "1.1"),
];

const BASES: [(Kind, &[(&str, &str)]); 5] = [
    (Kind::Tracking, TRACKING),
    (Kind::Orders, ORDER),
    (Kind::Events, EVENT),
    (Kind::Appeals, APPEAL),
    (Kind::Rates, RATE),
];

/// A number, a label, what parts them, a time or an amount: in cells one behind the other.
fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "(LK100000017CN|LK100000025CN|RB123456785CN|YT2628000000000100|3318810025|33188|10025|86680|1Z5R89390357567127|1|2|[0-9]{8,14})",
        "( |  |,|/|；|、|\n|:|：|-|\\(|\\)|nums=|&|=)",
        "(原单号|换单|备用|运单号|DHL|云途|No\\.|https://t\\.17track\\.net/en#|['\"#])",
        "(0[1-9]/2[0-8]/2024|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]20[0-9]{2}|20[0-9]{2}-[01][0-9]-[0-3][0-9]| [012][0-9]:[0-5][0-9]|PM|Z)",
        "([0-9]{1,4}[.,][0-9]{1,3}|USD|\\$|€|-)",
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// Every proposal of a row, put into its cell, leaves no error there.
fn assert_proposals_hold(kind: Kind, cells: &[(&str, &str)], context: &Context) {
    let row = one(kind, cells, context);
    for finding in row.findings.iter().filter(|finding| !finding.proposal.is_empty()) {
        let fixed = one(
            kind,
            &with(cells, &[(finding.column.as_str(), finding.proposal.as_str())]),
            context,
        );
        let mut left = fixed.findings.iter().filter(|left| left.is_error());
        assert!(
            left.all(|left| left.column != finding.column),
            "{finding:?} then {:?}",
            fixed.findings
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_proposal_is_accepted_in_its_cell(
        base in prop::sample::select(BASES.to_vec()),
        at in 0_usize..9,
        cell in cell(),
        carrier in prop::sample::select(vec!["DHL", "云途", "EMS", "UPS", "Yanwen", "USPS", "x", ""]),
        is_operator in any::<bool>(),
    ) {
        let (kind, base) = base;
        let column = base[at % base.len()].0;
        let mut cells = with(base, &[(column, &cell)]);
        if base.iter().any(|(column, _)| *column == "carrier") && column != "carrier" {
            cells = with(&cells, &[("carrier", carrier)]);
        }
        let context = if is_operator { operator() } else { seller("S1") };
        assert_proposals_hold(kind, &cells, &context);
    }

    /// A number that is proposed stands in the cell as it is, or in groups: it is made of no two numbers.
    #[test]
    fn no_two_numbers_are_joined(
        one_of in prop::sample::select(vec!["LK100000017CN", "RB123456785CN", "YT2628000000000100", "3318810025"]),
        other in prop::sample::select(vec!["LK100000025CN", "LK473124829CN", "YT2628000000000200", "3318810036"]),
        shape in prop::sample::select(vec!["原单号{} 换单{}", "{}(备用: {})", "{}/{}", "nums={},{}", "https://t.17track.net/en#nums={},{}", "{} {}", "{}\n{}", "{}；{}", "{}换{}"]),
        carrier in prop::sample::select(vec!["DHL", "云途", "EMS", "Yanwen", "", "x"]),
    ) {
        let cell = shape.replacen("{}", one_of, 1).replacen("{}", other, 1);
        let row = one(Kind::Tracking, &with(TRACKING, &[("carrier", carrier), ("tracking_number", &cell)]), &operator());
        let found = row.findings.iter().find(|finding| finding.column == "tracking_number");
        let found = found.expect("a finding");
        let own = |number: &str| {
            let named = CarrierTable::shipped().find(carrier);
            named.is_some_and(|carrier| carrier.judge(number).is_some())
        };
        if found.code.as_str() == "NUM_MULTIPLE" {
            prop_assert!(found.detail.contains(one_of) && found.detail.contains(other), "{found:?}");
            prop_assert!(found.proposal.is_empty());
        } else {
            // The carrier decides which of the two is meant.
            prop_assert!(own(one_of) != own(other), "{cell} {carrier}: {found:?}");
            prop_assert_eq!(&found.proposal, if own(one_of) { one_of } else { other });
        }
    }
}

fn tracking(carrier: &str, cell: &str) -> CheckedRow {
    one(
        Kind::Tracking,
        &with(TRACKING, &[("carrier", carrier), ("tracking_number", cell)]),
        &operator(),
    )
}

#[test]
fn several_numbers_in_one_cell_are_named_and_none_is_proposed() {
    for cell in [
        "原单号LK100000017CN 换单LK100000025CN",
        "LK100000017CN(备用: LK100000025CN)",
        "LK100000017CN（备用：LK100000025CN）",
        "LK100000017CN/LK100000025CN",
        "nums=LK100000017CN,LK100000025CN",
        "https://t.17track.net/zh-cn#nums=LK100000017CN,LK100000025CN",
        "LK100000017CN 换 LK100000025CN",
    ] {
        for carrier in ["EMS", "中国邮政", "x", "DHL"] {
            let row = tracking(carrier, cell);
            let found = row
                .findings
                .iter()
                .find(|finding| finding.column == "tracking_number");
            let found = found.map(|found| {
                (
                    found.code.as_str(),
                    found.detail.as_str(),
                    found.proposal.as_str(),
                )
            });
            assert_eq!(
                found,
                Some(("NUM_MULTIPLE", "LK100000017CN, LK100000025CN", "")),
                "{carrier}: {cell}"
            );
        }
    }
}

#[test]
fn groups_that_are_no_number_together_are_not_joined() {
    for (carrier, cell) in [
        ("DHL", "1 2"),
        ("x", "1 2"),
        ("", "12 34"),
        ("DHL", "33188 1002"),
        ("x", "hello world"),
    ] {
        let row = tracking(carrier, cell);
        let found = row
            .findings
            .iter()
            .find(|finding| finding.column == "tracking_number")
            .expect("found");
        assert_eq!(
            (found.code.as_str(), found.proposal.as_str()),
            ("NUM_WHITESPACE", ""),
            "{cell}"
        );
    }
    let row = one(
        Kind::Events,
        &with(EVENT, &[("tracking_number", "1 2")]),
        &operator(),
    );
    assert_eq!(row.findings[0].proposal, "");
}

#[test]
fn a_word_for_nothing_is_an_empty_cell() {
    for word in ["无", "N/A", "-", "null", "未发货", "待定", "TBD", "0", "/"] {
        let row = tracking("DHL", word);
        assert_eq!(codes(&row), ["NUM_EMPTY"], "{word}");
        assert!(row.undone.contains(Undone::PLACEHOLDER));
    }
    let row = tracking("暂无", "3318810025");
    assert_eq!(codes(&row), ["CELL_MISSING"]);
    let papers = |tax_id: &str, invoice: &str| {
        let cells = with(TRACKING, &[("consignee_tax_id", tax_id), ("invoice_no", invoice)]);
        match one(Kind::Tracking, &cells, &operator()).fact {
            Some(Fact::Tracking(fact)) => fact.papers,
            other => panic!("{other:?}"),
        }
    };
    for word in ["无", "N/A", "暂无", "-", "0", "none", "没有"] {
        let papers = papers(word, word);
        assert!(!papers.invoice && papers.tax_id_masked.is_none(), "{word}");
    }
    for (column, word) in [
        ("status", "-"),
        ("status_at", "无"),
        ("status_at", "0000-00-00 00:00:00"),
    ] {
        let row = one(Kind::Orders, &with(ORDER, &[(column, word)]), &operator());
        assert!(
            row.fact.is_some() && row.findings.is_empty(),
            "{column} {word}: {row:?}"
        );
    }
    let namibia = one(
        Kind::Orders,
        &with(ORDER, &[("destination_country", "NA")]),
        &operator(),
    );
    assert!(namibia.fact.is_some());
    assert_eq!(Column::parse("tracking_number"), Some(Column::TrackingNumber));
}

#[test]
fn a_tax_id_with_its_name_is_read() {
    for tax_id in [
        "INN:7707083893",
        "ИНН 7707083893",
        "RU7707083893",
        "税号：7707083893",
        "CPF: 529.982.247-25",
    ] {
        let row = one(
            Kind::Tracking,
            &with(TRACKING, &[("consignee_tax_id", tax_id)]),
            &operator(),
        );
        let Some(Fact::Tracking(fact)) = &row.fact else {
            panic!("{row:?}")
        };
        let is_valid = |(_, verdict): &(_, _)| *verdict == domain::papers::TaxIdVerdict::Valid;
        assert!(
            fact.papers.tax_id.iter().any(is_valid),
            "{tax_id}: {:?}",
            fact.papers
        );
        assert!(row.undone.contains(Undone::LABEL), "{tax_id}");
    }
}

#[test]
fn the_remedy_of_an_amount_fits_its_cause() {
    let said = |amount: &str, currency: &str| {
        let row = one(
            Kind::Orders,
            &with(ORDER, &[("amount", amount), ("currency", currency)]),
            &operator(),
        );
        assert_eq!(codes(&row), ["AMOUNT_INVALID"], "{amount} {currency}");
        let text = domain::message::message(&row.findings[0]);
        format!("{} {}", text.message_en, text.fix_en)
    };
    for (amount, currency, words) in [
        ("1500.50", "KRW", "KRW has no decimals"),
        ("12.345", "USD", "If it is 12345.00 USD"),
        ("-5.00", "USD", "what the buyer paid"),
        ("89.90 EUR", "USD", "names EUR, the currency column says USD"),
        ("9999999999999", "USD", "at most 1000000000000 USD"),
        ("1.500", "JPY", "If it is 1500 JPY"),
        ("1.500", "EUR", "Write 1.50 EUR or 1500.00 EUR"),
        ("12,34,5", "USD", "without separators between thousands"),
        ("soon", "USD", "digits alone"),
    ] {
        let said = said(amount, currency);
        assert!(said.contains(words), "{amount} {currency}: {said}");
    }
    let empty = one(Kind::Orders, &with(ORDER, &[("amount", "-")]), &operator());
    assert_eq!(codes(&empty), ["CELL_MISSING"]);
    for currency in [
        "USD(美元)",
        "US $",
        "美元",
        "USD 美元",
        "USD（美元）",
        "美元/USD",
        "US Dollar (美元)",
        "US $ 美元",
    ] {
        let row = one(Kind::Orders, &with(ORDER, &[("currency", currency)]), &operator());
        assert!(row.fact.is_some(), "{currency}: {:?}", row.findings);
    }
}
