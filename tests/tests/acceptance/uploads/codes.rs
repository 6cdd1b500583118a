//! Every code of the contract comes from a file that deserves it.

use std::collections::BTreeSet;

use domain::{RowCode, Severity};
use lake::Answer;
use tests::{OwnCloud, at, operator_key, seller_key};

use crate::uploads::{LEARNED_AT, ORDERS, PAID_AT, cloud_with_orders, order_id};

const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at,send_type,invoice_no,consignee_tax_id,destination_country,amount,currency\n";
const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at\n";

/// A sound DHL number.
const NUMBER: &str = "3318810025";

/// Rows of a kind behind its header, and the code that the last of them has.
struct Case {
    code: RowCode,
    kind: &'static str,
    rows: String,
}

fn tracking(code: RowCode, row: &str) -> Case {
    Case {
        code,
        kind: "tracking",
        rows: format!("{TRACKING}{row}\n"),
    }
}

fn orders(code: RowCode, rows: &str) -> Case {
    Case {
        code,
        kind: "orders",
        rows: format!("{ORDERS}{rows}\n"),
    }
}

fn events(code: RowCode, row: &str) -> Case {
    Case {
        code,
        kind: "events",
        rows: format!("{EVENTS}{row}\n"),
    }
}

/// Orders beside those of [`cloud_with_orders`]: to Russia, Brazil, Mexico and North Korea, and one cancelled.
fn special_orders() -> String {
    let destinations = [(20, "RU"), (21, "BR"), (22, "MX"), (23, "KP"), (24, "US")];
    let rows = destinations.map(|(number, country)| {
        let status = if number == 24 { "cancelled" } else { "paid" };
        format!(
            "{},S1,{PAID_AT},80.10,USD,{country},{status},{PAID_AT}\n",
            order_id(number)
        )
    });
    format!("{},status,status_at\n{}", ORDERS.trim_end(), rows.concat())
}

fn cases() -> Vec<Case> {
    use RowCode::*;
    let (known, other) = (order_id(0), order_id(1));
    let (ru, br, mx, kp, cancelled) = (
        order_id(20),
        order_id(21),
        order_id(22),
        order_id(23),
        order_id(24),
    );
    let unknown = order_id(999);
    vec![
        tracking(CellMissing, &format!("{known},,{NUMBER},,,,,,,")),
        orders(TypeInvalid, &format!("{unknown},a shop,{PAID_AT},1.00,USD,US")),
        tracking(RowShape, &format!("{known},DHL,{NUMBER},,,,,,,,a cell too many")),
        tracking(TimeInvalid, &format!("{known},DHL,{NUMBER},soon,,,,,,")),
        orders(
            TimeAmbiguous,
            &format!("{},S1,2023-11-05 01:30,1.00,USD,US", order_id(40)),
        ),
        orders(
            TimeInFuture,
            &format!("{unknown},S1,2024-05-02T14:00:01Z,1.00,USD,US"),
        ),
        tracking(OrderIdFormat, &format!("ORDER-1,DHL,{NUMBER},,,,,,,")),
        tracking(OrderIdPrecisionLost, &format!("8.20000E+15,DHL,{NUMBER},,,,,,,")),
        tracking(OrderUnknown, &format!("{unknown},DHL,{NUMBER},,,,,,,")),
        tracking(
            OrderState,
            &format!("{cancelled},DHL,1000000006,{LEARNED_AT},,,,,,"),
        ),
        tracking(NumEmpty, &format!("{known},DHL,,,,,,,,")),
        tracking(NumFormat, &format!("{known},DHL,331881002,,,,,,,")),
        tracking(NumWhitespace, &format!("{known},DHL,33188 10025,,,,,,,")),
        tracking(NumScientific, &format!("{known},DHL,3.31881E+09,,,,,,,")),
        tracking(NumLeadingZeroLost, &format!("{known},DHL,123456782,,,,,,,")),
        tracking(
            NumCheckDigit,
            &format!("{other},DHL,3318810024,{LEARNED_AT},,,,,,"),
        ),
        tracking(
            NumUsedElsewhere,
            &format!("{},DHL,{NUMBER},{LEARNED_AT},,,,,,", order_id(2)),
        ),
        tracking(
            NumMultiple,
            &format!("{known},DHL,\"3318810025,1000000010\",,,,,,,"),
        ),
        tracking(CarrierUnknown, &format!("{known},Pigeon Post,{NUMBER},,,,,,,")),
        tracking(
            AgreementMissing,
            &format!("{},GLS,36301917596,{LEARNED_AT},,,,,,", order_id(5)),
        ),
        tracking(
            CarrierOutOfScope,
            &format!("{known},AE Standard Shipping,{NUMBER},,,,,,,"),
        ),
        tracking(SendTypeInvalid, &format!("{known},DHL,{NUMBER},,half,,,,,")),
        tracking(
            UploadLate,
            &format!("{},DHL,1000000010,2024-05-02T00:00:01Z,,,,,,", order_id(3)),
        ),
        orders(DestUnknown, &format!("{unknown},S1,{PAID_AT},1.00,USD,Atlantis")),
        tracking(DestSanctioned, &format!("{kp},DHL,1000000021,,,,,,,")),
        tracking(InvoiceMissing, &format!("{ru},DHL,1000000021,,,,7707083893,,,")),
        tracking(TaxIdMissing, &format!("{ru},DHL,1000000021,,,INV-1,,,,")),
        tracking(
            TaxIdInvalid,
            &format!("{br},DHL,1000000021,,,INV-1,11111111111,,,"),
        ),
        tracking(
            TaxIdMasked,
            &format!("{br},DHL,1000000021,,,INV-1,52*******25,,,"),
        ),
        tracking(
            TaxIdCheckDigit,
            &format!("{mx},DHL,1000000021,,,INV-1,GODE561231GR0,,,"),
        ),
        orders(CurrencyUnknown, &format!("{unknown},S1,{PAID_AT},1.00,XXY,US")),
        orders(RateMissing, &format!("{unknown},S1,{PAID_AT},1.00,BRL,US")),
        orders(AmountInvalid, &format!("{unknown},S1,{PAID_AT},-1,USD,US")),
        orders(
            RowDuplicate,
            &format!(
                "{0},S1,{PAID_AT},1.00,USD,US\n{0},S1,{PAID_AT},1.00,USD,US",
                order_id(30)
            ),
        ),
        orders(RowConflict, &format!("{known},S1,{PAID_AT},81.10,USD,US")),
        events(NumUnknown, "DHL,1000000032,picked_up,2024-05-02T01:00:00Z,"),
        events(
            EventCodeUnmapped,
            &format!("DHL,{NUMBER},dancing,2024-05-02T01:00:00Z,"),
        ),
        events(
            EventInFuture,
            &format!("DHL,{NUMBER},picked_up,2024-05-03T00:00:00Z,{LEARNED_AT}"),
        ),
        events(
            EventBeforeOrder,
            &format!("DHL,{NUMBER},picked_up,2024-04-23T23:59:59Z,{LEARNED_AT}"),
        ),
        Case {
            code: NumbersLimit,
            kind: "tracking",
            rows: (0..51).fold(TRACKING.to_owned(), |file, number| {
                file + &format!("{},DHL,20000000{number:02},{LEARNED_AT},part,,,,,\n", order_id(5))
            }),
        },
        Case {
            code: AppealsLimit,
            kind: "appeals",
            rows: (0..51).fold(
                "appeal_id,order_id,reason,status,filed_at\n".to_owned(),
                |file, number| file + &format!("A{number},{},late,pending,{LEARNED_AT}\n", order_id(6)),
            ),
        },
        Case {
            code: StatusesLimit,
            kind: "orders",
            rows: (0..21).fold(
                format!("{},status,status_at\n", ORDERS.trim_end()),
                |file, minute| {
                    let order = order_id(6);
                    file + &format!(
                        "{order},S1,{PAID_AT},80.10,USD,US,refunded,2024-05-01T12:{minute:02}:00Z\n"
                    )
                },
            ),
        },
        Case {
            code: CreditCodeCheckDigit,
            kind: "sellers",
            rows: "seller_id,entity_type,credit_code\nS9,company,914403007084611361\n".to_owned(),
        },
        Case {
            code: EventsLimit,
            kind: "events",
            rows: (0..401).fold(EVENTS.to_owned(), |file, minute| {
                let (hour, minute) = (minute / 60, minute % 60);
                file + &format!(
                    "DHL,{NUMBER},in_transit,2024-05-02T{hour:02}:{minute:02}:00Z,2024-05-02T12:00:00Z\n"
                )
            }),
        },
    ]
}

async fn put(cloud: &OwnCloud, kind: &str, name: &str, file: impl AsRef<[u8]>) -> Answer {
    cloud
        .upload(&operator_key(kind, name), file, Some(at(LEARNED_AT)))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_a_row_comes_from_a_file_that_deserves_it() {
    let cloud = cloud_with_orders().await;
    let mut seen = BTreeSet::new();
    assert_eq!(
        put(&cloud, "orders", "special.csv", special_orders())
            .await
            .counts
            .rejected,
        0
    );
    let held = format!("{TRACKING}{},DHL,{NUMBER},{LEARNED_AT},,,,,,\n", order_id(0));
    assert_eq!(put(&cloud, "tracking", "held.csv", held).await.counts.accepted, 1);
    for (index, case) in cases().iter().enumerate() {
        let answer = put(&cloud, case.kind, &format!("{index}.csv"), &case.rows).await;
        assert!(
            answer.by_code.contains_key(case.code.as_str()),
            "{}: {:?}",
            case.code,
            answer.by_code
        );
        let counts = answer.counts;
        let expected = match case.code.severity() {
            Severity::Error => counts.rejected,
            Severity::Parked => counts.parked,
            Severity::Warning => counts.accepted_with_warning + counts.unchanged,
        };
        assert!(expected >= 1, "{}: {counts:?}", case.code);
        let issue = answer
            .issues
            .iter()
            .find(|issue| issue.code == case.code.as_str())
            .expect("its issue");
        assert_eq!(issue.clause, case.code.clause());
        for text in [&issue.message_en, &issue.message_zh, &issue.fix_en, &issue.fix_zh] {
            assert!(!text.is_empty(), "{}", case.code);
        }
        seen.insert(case.code);
    }
    // What only a seller's own file can be told.
    let own = |kind, file: String| (seller_key(kind, "S2", &format!("own-{kind}.csv")), file);
    for (code, (key, file)) in [
        (
            RowCode::OrderOtherSeller,
            own(
                "tracking",
                format!("{TRACKING}{},DHL,1000000006,,,,,,,\n", order_id(4)),
            ),
        ),
        (
            RowCode::StatementIgnored,
            own(
                "appeals",
                format!(
                    "appeal_id,order_id,reason,status,filed_at\nA1,{},late,accepted,{LEARNED_AT}\n",
                    order_id(10)
                ),
            ),
        ),
    ] {
        let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
        assert!(
            answer.by_code.contains_key(code.as_str()),
            "{code}: {:?}",
            answer.by_code
        );
        seen.insert(code);
    }
    // A cancelled order is settled at once, and may be long gone when a file still speaks of it.
    cloud.settle(at("2024-05-02T07:15:00Z")).await;
    cloud.sweep_expired().await.expect("a sweep");
    let gone = format!("{TRACKING}{},DHL,1000000006,{LEARNED_AT},,,,,,\n", order_id(24));
    let answer = put(&cloud, "tracking", "gone.csv", gone).await;
    assert!(
        answer.by_code.contains_key("ORDER_ARCHIVED"),
        "{:?}",
        answer.by_code
    );
    seen.insert(RowCode::OrderArchived);
    let missing: Vec<&RowCode> = RowCode::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no file has {missing:?}");
}
