//! Small inputs of the field that went wrong once: what carriers' texts and codes say, and how carriers and numbers are
//! written. The files are in `tests/field`; each stands for a kind, of which more are tried here.

use domain::{Node, RowCode};
use intake::{CheckedRow, Context, Fact, Kind};

use crate::{at, checked, codes, one, operator};

fn rows(text: &str, kind: Kind) -> Vec<CheckedRow> {
    checked(text, kind, &context())
}

/// The files are of the end of 2026.
pub(crate) fn context() -> Context {
    Context {
        recorded_at: at("2026-12-01T00:00:00Z"),
        clock: at("2026-12-01T00:00:00Z"),
        ..operator()
    }
}

fn nodes(text: &str) -> Vec<Node> {
    let node = |row: CheckedRow| match row.fact {
        Some(Fact::Event(fact)) => fact.node,
        other => panic!("an event: {other:?}"),
    };
    rows(text, Kind::Events).into_iter().map(node).collect()
}

/// The carrier and the number that a tracking row is accepted with; else its codes.
fn accepted(row: &CheckedRow) -> Result<(&str, &str), Vec<&'static str>> {
    match &row.fact {
        Some(Fact::Tracking(fact)) if !row.is_refused() => Ok((
            fact.carrier.as_deref().unwrap_or_default(),
            fact.number.as_ref().map_or("", |number| number.as_str()),
        )),
        _ => Err(codes(row)),
    }
}

fn tracking(carrier: &str, number: &str) -> CheckedRow {
    let cells = [
        ("订单号", "8100311000000003"),
        ("承运商", carrier),
        ("运单号", number),
    ];
    one(Kind::Tracking, &cells, &context())
}

#[test]
fn handed_to_anybody_but_the_recipient_is_no_sign_off() {
    let carrier = include_str!("../field/m01-handover-events.csv");
    assert_eq!(nodes(carrier), [Node::PickedUp, Node::InTransit]);
    let sender = include_str!("../field/m01-original-sender-events.csv");
    assert_eq!(nodes(sender), [Node::PickedUp, Node::Returned]);
}

/// The event of a file with the code replaced, and the same as the description of an unmapped code.
fn node_of(text: &str) -> [Node; 2] {
    let quoted = format!("\"{}\"", text.replace('"', "\"\""));
    let head = "carrier,tracking_number,event_code,occurred_at,description";
    let row = |code: &str, description: &str| {
        format!("{head}\nYunExpress,YT2628000000000100,{code},2026-10-03T08:00:00Z,{description}\n")
    };
    [row(&quoted, ""), row("Q-77", &quoted)].map(|file| nodes(&file)[0])
}

#[test]
fn whom_a_text_names_decides_alone_and_behind_an_unmapped_code() {
    for (node, texts) in [
        (
            Node::InTransit,
            &[
                "Delivered to the airline",
                "Delivered to customs broker for clearance",
                "DELIVERED TO COURIER",
                "Your parcel has been delivered to the local post office",
                "Delivered to Postal Operator, 12 May",
                "Item delivered to agent",
                "Delivered at hub",
                "Delivered to country of destination",
                "Delivered to Poland",
                "Delivered to UPS",
                "Delivered to UPS Access Point",
                "Delivered to last-mile partner; recipient will be notified",
                "Package delivered to warehouse",
                "Handed over to carrier",
                "已交付承运商",
                "快件已送达【上海转运中心】",
                "已由菜鸟驿站代收",
                "Передано в авиакомпанию",
                "Entregado en punto de recogida",
                "Entregue à transportadora",
                "Remis au transporteur",
                "An Spediteur übergeben",
                "Consegnato al vettore",
                "Przekazano przewoźnikowi",
                "Overgedragen aan vervoerder",
                "Kargo firmasına teslim edildi",
                "운송사에 인계",
                "航空会社に引き渡し",
                "تم التسليم إلى شركة الطيران",
                "נמסר לחברת התעופה",
                "Will be delivered tomorrow",
                "Delivery scheduled",
                "До вручения",
                "Delivered to Somebody Ltd",
            ][..],
        ),
        (
            Node::Returned,
            &[
                "Delivered to sender",
                "Delivered back to the shipper",
                "Вручено отправителю",
                "Devuelto al remitente",
                "Objeto entregue ao remetente",
                "Livré à l'expéditeur",
                "退回件已签收",
                "发件人已签收",
            ],
        ),
        (
            Node::DeliveryAttempted,
            &[
                "Could not be delivered",
                "Не вручено",
                "No entregado",
                "Non livré",
                "Nicht zugestellt",
                "未妥投",
                "配達できません",
            ],
        ),
        (
            Node::Signed,
            &[
                "Delivered",
                "Delivered, In/At Mailbox",
                "Delivered to neighbour",
                "Delivered, Left with Reception",
                "Delivered to locker at the address",
                "Delivered, Individual Picked Up at Post Office",
                "包裹已被签收",
                "包裹已被簽收",
                "快件已代签",
                "Вручено",
                "Вручение адресату",
                "Доставлено получателю",
                "Entregado",
                "Entregado al destinatario",
                "Objeto entregue",
                "Livré",
                "Colis livré en boîte aux lettres",
                "Zugestellt",
                "Consegnato",
                "Doręczono",
                "Bezorgd",
                "Teslim edildi",
                "TESLİM EDİLDİ",
                "Доставлено",
                "배달완료",
                "お届け済み",
                "配達完了",
                "تم التسليم",
                "נמסר",
            ],
        ),
    ] {
        for text in texts {
            assert_eq!(node_of(text), [node, node], "{text}");
        }
    }
}

#[test]
fn deliveries_are_understood_in_the_languages_of_the_markets() {
    let spanish = include_str!("../field/m12-languages-events.csv");
    assert_eq!(nodes(spanish), [Node::PickedUp, Node::Signed]);
}

#[test]
fn yunexpresss_own_codes_are_mapped() {
    let file = include_str!("../field/m13-yunexpress-codes.csv");
    assert_eq!(nodes(file), [Node::ExportCustoms, Node::Signed]);
    assert!(rows(file, Kind::Events).iter().all(|row| row.findings.is_empty()));
}

#[test]
fn the_platforms_own_lines_are_out_of_scope_and_nothing_else() {
    for row in rows(include_str!("../field/m02-ae-standard.csv"), Kind::Tracking) {
        assert_eq!(codes(&row), ["CARRIER_OUT_OF_SCOPE"]);
    }
    for carrier in [
        "AliExpress Saver Shipping (US)",
        "菜鸟超级经济",
        "AE_STANDARD_SHIPPING",
        "速卖通-无忧物流（优先）",
        "Premium Shipping",
        "超级经济",
        "Super Economy Global",
        "线上发货-燕文",
    ] {
        assert_eq!(
            codes(&tracking(carrier, "?")),
            ["CARRIER_OUT_OF_SCOPE"],
            "{carrier}"
        );
    }
}

#[test]
fn a_carrier_written_as_several_of_its_names_is_that_carrier() {
    let rows = rows(
        include_str!("../field/m03-bilingual-carriers.csv"),
        Kind::Tracking,
    );
    let found: Vec<_> = rows.iter().map(accepted).collect();
    assert_eq!(
        found,
        [
            Ok(("yanwen", "UG336196767YP")),
            Ok(("sf", "SF1234567890123")),
            Ok(("ems", "LK223456787CN")),
        ]
    );
}

#[test]
fn traditional_characters_are_read_as_simplified_ones() {
    let row = tracking("順豐速運", "SF1234567890123");
    assert_eq!(accepted(&row), Ok(("sf", "SF1234567890123")));
    let events = "承運商,運單號,節點,發生時間（北京時間）\n順豐速運,SF1234567890123,攬收,2024-05-01 08:00\n順豐速運,SF1234567890123,入境清關,2024-05-02 08:00\n";
    assert_eq!(nodes(events), [Node::PickedUp, Node::ImportCustoms]);
    let times: Vec<_> = rows(events, Kind::Events)
        .iter()
        .filter_map(|row| match &row.fact {
            Some(Fact::Event(event)) => Some(event.occurred_at),
            _ => None,
        })
        .collect();
    assert_eq!(times, [at("2024-05-01T00:00:00Z"), at("2024-05-02T00:00:00Z")]);
}

#[test]
fn the_plain_headers_of_tracking_services_and_of_lists_are_read() {
    let service = "Number,Courier,Status,Time,Details\nYT2628000000000100,YunExpress,InTransit_PickedUp,2026-10-02T08:00:00Z,Picked up\n";
    assert_eq!(nodes(service), [Node::PickedUp]);
    let list = "运单号码,承运商名称,轨迹状态,轨迹日期（北京时间）,轨迹内容\nYT2628000000000100,云途,MD/TT,2026-10-02 08:00,妥投\n";
    assert_eq!(nodes(list), [Node::Signed]);
    let parcels = "「訂單號」,承運商名稱,國際快遞單號\n8100311000000003,雲途,YT2628000000000100\n";
    assert_eq!(
        accepted(&rows(parcels, Kind::Tracking)[0]),
        Ok(("yunexpress", "YT2628000000000100"))
    );
}

#[test]
fn two_carriers_in_one_cell_are_candidates_and_none_is_taken() {
    let row = tracking("DHL/云途", "3318810025");
    assert_eq!(codes(&row), ["CARRIER_UNKNOWN"]);
    assert_eq!(
        row.findings[0].detail,
        "The cell names DHL, YunExpress, and the number fits DHL | 单元格写的是 DHL、云途，该单号符合 DHL 的单号规则"
    );
}

#[test]
fn current_number_forms_of_known_carriers_are_accepted() {
    for row in rows(include_str!("../field/m10-numbers.csv"), Kind::Tracking) {
        assert!(accepted(&row).is_ok(), "{:?}", row.findings);
    }
}

#[test]
fn the_fix_that_is_proposed_for_a_number_is_accepted() {
    let proposed = |row: &CheckedRow| {
        let finding = &row.findings[0];
        assert!(
            matches!(finding.code, RowCode::NumWhitespace | RowCode::NumFormat),
            "{finding:?}"
        );
        finding.proposal.to_string()
    };
    let field = rows(include_str!("../field/m09-wrong-fix.csv"), Kind::Tracking);
    let fixes: Vec<_> = field.iter().map(proposed).collect();
    assert_eq!(fixes, ["3318810051", "YT2633000000000001"]);
    for (carrier, cell) in [
        ("DHL", "DHL 3318810025"),
        ("DHL", "DHL3318810025"),
        ("敦豪", "运单号：3318810025"),
        ("DHL", "33188-10025"),
        ("云途", "YT2628000000000100（云途）"),
        ("云途", "https://t.17track.net/zh-cn#nums=YT2628000000000100"),
        ("云途", "云途 YT2628000000000100"),
        ("燕文", "Tracking No: UG123456785YP"),
    ] {
        let row = tracking(carrier, cell);
        let fixed = tracking(carrier, &proposed(&row));
        assert!(
            accepted(&fixed).is_ok(),
            "{cell}: {:?} then {:?}",
            row.findings,
            fixed.findings
        );
    }
}

#[test]
fn an_error_of_a_formula_is_named_and_a_control_z_is_no_row() {
    for cell in ["#N/A", "#ref!", "#DIV/0!"] {
        let row = tracking("云途", cell);
        assert_eq!(codes(&row), ["NUM_FORMAT"]);
        assert!(
            row.findings[0].detail.contains("error of a formula"),
            "{cell}: {row:?}"
        );
    }
    let rows = rows(
        "订单号,承运商,运单号\n8100311000000003,DHL,3318810025\n\u{1a}",
        Kind::Tracking,
    );
    assert_eq!(rows.len(), 1);
    let link = tracking(
        "云途",
        "=HYPERLINK(\"https://t.17track.net/#nums=YT2628000000000100\",\"YT2628000000000100\")",
    );
    assert_eq!(link.findings[0].proposal, "YT2628000000000100", "{link:?}");
}
