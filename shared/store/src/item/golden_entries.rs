//! Golden bytes of ledger entries, see [`super::golden`].

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::NaiveDate;
use domain::because::{AppealSeen, Converted, Refused, Seen, SignOffGrounds, SilenceEnd, Unsigned};
use domain::{
    AppealStatus, Because, Cents, Clause, EntryKind, LedgerEntry, Month, Node, OrderId, OrderStatus, RowCode,
    SellerId, Subject,
};

use super::golden::{ORDER, committed, golden, number};
use super::tests::hour;
use super::{decode_entry, entry_item, string_of};
use crate::Item;

/// Every reason, and every option of one.
fn reasons() -> [Because; 12] {
    let no_longer = |latest: Option<i64>, seen| Because::NoLongerDue {
        latest_fact_recorded_at: latest.map(hour),
        seen,
    };
    let silence = |until: Option<i64>| Because::Silence {
        silent_from: hour(10),
        silent_until: until.map(hour),
        comparison: "60 h 00 m > 48 h 00 m".to_owned(),
        ended_by: None,
    };
    let not_signed = |signed: Option<i64>, appeal: Option<&str>| Because::NotSigned {
        paid_at: hour(0),
        deadline: hour(720),
        signed_at: signed.map(hour),
        order_usd: Cents(8_010),
        comparison: "5 % of 80.10, at most 50.00 = 4.01".to_owned(),
        held_by_appeal: appeal.map(str::to_owned),
        grounds: SignOffGrounds::default(),
    };
    [
        Because::UploadFailed {
            code: RowCode::NumWhitespace,
            uploaded_at: hour(2),
            row: 9,
            refused: Refused::default(),
        },
        silence(Some(70)),
        silence(None),
        not_signed(None, None),
        not_signed(Some(800), Some("AP-2")),
        Because::AppealAccepted {
            appeal_id: "AP-1".to_owned(),
            filed_at: hour(80),
            decided_at: hour(90),
        },
        Because::AppealPending {
            appeal_id: "AP-2".to_owned(),
            filed_at: hour(80),
        },
        Because::AmountChanged { due: Cents(240) },
        no_longer(None, Seen::default()),
        no_longer(
            Some(100),
            Seen {
                silent_until: Some(hour(40)),
                silence: Some("30 h 00 m".to_owned()),
                ..Seen::default()
            },
        ),
        no_longer(
            Some(800),
            Seen {
                signed_at: Some(hour(700)),
                ..Seen::default()
            },
        ),
        no_longer(
            Some(702),
            Seen {
                status: Some((OrderStatus::Refunded, hour(700))),
                ..Seen::default()
            },
        ),
    ]
}

/// An entry of every clause and kind, each for another reason.
fn entries() -> Vec<LedgerEntry> {
    let kinds = [
        EntryKind::Fine,
        EntryKind::Hold,
        EntryKind::Void,
        EntryKind::Reversal,
    ];
    let clauses = [Clause::A6, Clause::B3, Clause::B4];
    let pairs = clauses
        .into_iter()
        .flat_map(|clause| kinds.map(|kind| (clause, kind)));
    pairs
        .zip(reasons())
        .map(|((clause, kind), because)| entry(clause, kind, because))
        .collect()
}

fn entry(clause: Clause, kind: EntryKind, because: Because) -> LedgerEntry {
    let takes_back = matches!(kind, EntryKind::Void | EntryKind::Reversal);
    let subject = match clause {
        Clause::A6 | Clause::B4 => Subject::order(clause),
        Clause::B3 => Subject::silence(&number("3318810025"), Some(hour(10))),
    };
    LedgerEntry {
        entry_id: format!("{ORDER}.{clause}.{}.1", kind.as_str()),
        order_id: OrderId::parse(ORDER).expect("an order id"),
        seller_id: SellerId::parse("S00004").expect("a seller"),
        clause,
        kind,
        amount: Cents(if takes_back { -120 } else { 120 }),
        subject,
        as_of: hour(900),
        effective_at: hour(58),
        policy: "V4.2".to_owned(),
        because,
        reverses: takes_back.then(|| format!("{ORDER}.{clause}.fine.1")),
    }
}

/// Entries that cite what decided them in full, as they have since their reasons gained it.
fn entries_in_full() -> Vec<LedgerEntry> {
    let unsigned = |text: &str, end, held_elsewhere| Unsigned {
        tracking_number: number(text),
        end,
        held_elsewhere,
    };
    let grounds = SignOffGrounds {
        elapsed: "720 h 00 m 01 s > 720 h 00 m".to_owned(),
        unsigned: Some(vec![
            unsigned("3318810025", Some((Node::Lost, hour(300))), false),
            unsigned("3318810036", None, false),
            unsigned("3318810047", None, true),
        ]),
        unsigned_more: 2,
        converted: Some(Converted {
            amount: "1234.56 BRL".to_owned(),
            rate: "0.1987".to_owned(),
            rate_on: NaiveDate::from_ymd_opt(2024, 4, 30).expect("a day"),
        }),
        appeal: Some(AppealSeen {
            appeal_id: "AP-2".to_owned(),
            filed_at: hour(700),
            status: AppealStatus::Rejected,
            decided_at: Some(hour(710)),
        }),
    };
    let failed = Because::UploadFailed {
        code: RowCode::InvoiceMissing,
        uploaded_at: hour(2),
        row: 9,
        refused: Refused {
            value: String::new(),
            also: vec![(RowCode::TaxIdInvalid, "39******44".to_owned())],
            file: "april.csv".to_owned(),
        },
    };
    let silence = Because::Silence {
        silent_from: hour(10),
        silent_until: Some(hour(70)),
        comparison: "60 h 00 m > 48 h 00 m".to_owned(),
        ended_by: Some(SilenceEnd::Replaced),
    };
    let not_signed = Because::NotSigned {
        paid_at: hour(0),
        deadline: hour(720),
        signed_at: None,
        order_usd: Cents(24_531),
        comparison: "5 % of 245.31, at most 50.00 = 12.27".to_owned(),
        held_by_appeal: None,
        grounds,
    };
    [
        (Clause::A6, failed),
        (Clause::B3, silence),
        (Clause::B4, not_signed),
    ]
    .into_iter()
    .map(|(clause, because)| entry(clause, EntryKind::Fine, because))
    .collect()
}

fn month() -> Month {
    "2024-05".parse().expect("a month")
}

/// Every golden file of entries, with the entries that it holds.
fn golden_entries() -> [(&'static str, Vec<LedgerEntry>); 2] {
    [
        ("entries.json", entries()),
        ("entries_in_full.json", entries_in_full()),
    ]
}

#[test]
fn entries_are_read_as_they_were_ever_written() {
    for (name, entries) in golden_entries() {
        let text = std::fs::read(golden(name)).expect("a golden file is read");
        let items: Vec<BTreeMap<String, String>> = serde_json::from_slice(&text).expect("items");
        let read = items.into_iter().map(|item| {
            let item: Item = item
                .into_iter()
                .map(|(name, value)| (name, AttributeValue::S(value)))
                .collect();
            decode_entry(&item)
                .expect("a golden entry decodes")
                .expect("an entry")
        });
        let expected = entries.into_iter().map(|entry| (month(), entry));
        assert_eq!(read.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn entries_are_written_in_their_form_to_the_byte() {
    for (name, entries) in golden_entries() {
        let items = entries.into_iter().map(|entry| {
            let item = entry_item(&entry, &month().to_string()).expect("an item");
            item.keys()
                .map(|name| (name.clone(), string_of(&item, name).expect("a text")))
                .collect()
        });
        let items: Vec<BTreeMap<String, String>> = items.collect();
        let mut written = serde_json::to_vec_pretty(&items).expect("items encode");
        written.push(b'\n');
        assert_eq!(committed(name, &written), written, "{name}");
    }
}
