//! What codes and texts are understood as, by the shipped tables.

use super::*;
use crate::carrier::CarrierTable;

fn told(carrier: &str, code: &str, description: &str, country: &str) -> Option<Node> {
    let report = Report {
        code,
        description,
        country: (!country.is_empty()).then_some(country),
    };
    understand(carrier, &report).map(|understood| understood.node)
}

#[test]
fn the_shipped_tables_can_be_read_and_name_carriers_of_the_carrier_table() {
    let codes = EventCodes::parse(
        include_str!("../../data/event_codes.toml"),
        include_str!("../../data/event_texts.toml"),
    )
    .expect("the shipped tables");
    for carrier in codes.carriers.keys() {
        let found = CarrierTable::shipped().find(carrier).map(|carrier| carrier.id());
        assert_eq!(found, Some(carrier.as_str()));
    }
    for origin in &codes.at_origin {
        assert!(crate::country::is_country(origin), "{origin}");
    }
}

/// An entry of `event_texts.toml` with its examples.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextEntry {
    text: String,
    node: Meaning,
    #[serde(default, rename = "as")]
    alike: Vec<String>,
    #[serde(default)]
    unlike: Vec<String>,
}

#[test]
fn every_text_is_read_as_its_examples_say() {
    let lists: HashMap<String, Vec<TextEntry>> =
        toml::from_str(include_str!("../../data/event_texts.toml")).expect("the texts");
    let mut wrong = Vec::new();
    for (owner, entries) in lists {
        for entry in entries {
            assert_eq!(
                entry.alike.is_empty(),
                !entry.text.contains('*'),
                "{} lacks an example",
                entry.text
            );
            let meaning = |text: &str| {
                let asked = Asked {
                    tables: EventTables::shipped(),
                    carrier_id: &owner,
                    own: SHIPPED.carriers.get(&owner),
                };
                SHIPPED.by_text(asked, text)
            };
            let whole = (!entry.text.contains('*')).then_some(&entry.text);
            for text in whole.into_iter().chain(&entry.alike) {
                if meaning(text) != Some(entry.node) {
                    wrong.push(format!(
                        "{owner}: {text:?} for {:?} is {:?}",
                        entry.text,
                        meaning(text)
                    ));
                }
            }
            for text in &entry.unlike {
                assert_ne!(
                    meaning(text),
                    Some(entry.node),
                    "{owner}: {text:?} for {:?}",
                    entry.text
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_whole_texts_and_the_words_of_a_handover_say_signed() {
    let signed = Meaning::Node(Node::Signed);
    assert!(!SHIPPED.common.has_open(signed) && SHIPPED.texts.iter().all(|texts| !texts.has_open(signed)));
}

/// Hand-overs as carriers write them, alone and behind an unmapped code.
#[test]
fn a_handover_to_anybody_else_is_never_signed() {
    for (text, node) in [
        ("Delivered to local carrier", Some(Node::InTransit)),
        ("Delivered to airline", Some(Node::InTransit)),
        ("DELIVERED TO CUSTOMS BROKER", Some(Node::InTransit)),
        ("Delivered to courier company", Some(Node::InTransit)),
        (
            "Delivered to the postal operator of the destination",
            Some(Node::InTransit),
        ),
        ("Delivered, To Agent", Some(Node::InTransit)),
        ("Delivered to Agent for Final Delivery", Some(Node::InTransit)),
        ("Delivered to post office", Some(Node::InTransit)),
        ("Delivered to hub", Some(Node::InTransit)),
        ("Delivered to destination country", Some(Node::InTransit)),
        ("Delivered to pickup point", Some(Node::InTransit)),
        ("Delivered, To Original Sender", Some(Node::Returned)),
        ("Delivered back to sender", Some(Node::Returned)),
        ("Delivered to Zhongtong", None),
        ("Delivered, In/At Mailbox", Some(Node::Signed)),
        ("Delivered to neighbor", Some(Node::Signed)),
        ("Delivered, Front Desk/Reception/Mail Room", Some(Node::Signed)),
        ("Delivered to locker at the address", Some(Node::Signed)),
        ("Delivered", Some(Node::Signed)),
        ("包裹已被签收", Some(Node::Signed)),
        ("已代签", Some(Node::Signed)),
        ("已交付航空公司", Some(Node::InTransit)),
        ("Вручено", Some(Node::Signed)),
        ("Entregado", Some(Node::Signed)),
        ("Objeto entregue ao destinatário", Some(Node::Signed)),
        ("Доставлено перевозчику", Some(Node::InTransit)),
    ] {
        assert_eq!(node_of("yunexpress", text), node, "{text}");
        // A bare "Delivered" is a code of some aggregators: behind an unmapped code the text alone counts as well.
        assert_eq!(told("yunexpress", "Q77", text, ""), node, "{text} behind a code");
    }
}

#[test]
fn a_code_that_says_signed_is_taken_back_by_whom_its_text_names() {
    for (description, node) in [
        ("Delivered to local carrier", Node::InTransit),
        ("To local post office", Node::InTransit),
        ("to sender", Node::Returned),
        ("Could not be delivered", Node::DeliveryAttempted),
        ("Delivered to Zhongtong", Node::Signed),
        ("LONDON HUB", Node::Signed),
        ("Delivered, Individual Picked Up at Post Office", Node::Signed),
    ] {
        assert_eq!(told("usps", "01", description, ""), Some(node), "{description}");
    }
}

#[test]
fn every_post_with_s10_numbers_speaks_the_posts_codes() {
    let posts = CarrierTable::shipped()
        .carriers()
        .filter(|carrier| carrier.source().contains("S10"));
    for post in posts {
        assert_eq!(node_of(post.id(), "EMI"), Some(Node::Signed), "{}", post.id());
    }
}

#[test]
fn a_nodes_own_name_counts_for_every_carrier() {
    for node in Node::ALL {
        for carrier in CarrierTable::shipped().carriers() {
            assert_eq!(
                node_of(carrier.id(), node.as_str()),
                Some(node),
                "{}",
                carrier.id()
            );
        }
        assert_eq!(node_of("nobody", &node.as_str().to_uppercase()), Some(node));
    }
    assert_eq!(
        node_of("dhl", "Departure from Origin Country"),
        Some(Node::DepartedOrigin)
    );
    assert_eq!(node_of("dhl", "Picked Up"), Some(Node::PickedUp));
}

#[test]
fn the_chinese_names_of_the_rulebook_count() {
    for (name, node) in [
        ("下单", Node::OrderPlaced),
        ("揽收", Node::PickedUp),
        ("出口清关", Node::ExportCustoms),
        ("离开始发国", Node::DepartedOrigin),
        ("到达目的国", Node::ArrivedDestination),
        ("入境清关", Node::ImportCustoms),
        ("派送", Node::OutForDelivery),
        ("签收", Node::Signed),
    ] {
        assert_eq!(node_of("yunexpress", name), Some(node), "{name}");
    }
}

#[test]
fn a_carriers_own_codes_count_for_that_carrier_only() {
    assert_eq!(node_of("cainiao", "GTMS_SIGNED"), Some(Node::Signed));
    assert_eq!(node_of("cainiao", "lh_depart"), Some(Node::DepartedOrigin));
    assert_eq!(node_of("china_post", "EMC"), Some(Node::DepartedOrigin));
    assert_eq!(node_of("china_post", "GTMS_SIGNED"), None);
    assert_eq!(node_of("dhl", "EMC"), None);
    assert_eq!(node_of("cainiao", ""), None);
}

#[test]
fn what_speaks_for_every_carrier_is_asked_after_the_carriers_own_table() {
    for carrier in ["yanwen", "dhl", "nobody"] {
        assert_eq!(node_of(carrier, "InTransit_PickedUp"), Some(Node::PickedUp));
        assert_eq!(node_of(carrier, "Delivered_001"), Some(Node::Signed));
        assert_eq!(node_of(carrier, "exception010"), Some(Node::Returned));
        assert_eq!(node_of(carrier, "IN_TRANSIT_06"), Some(Node::ArrivedDestination));
        assert_eq!(node_of(carrier, "customs_inspection"), Some(Node::CustomsHeld));
    }
    assert_eq!(node_of("yanwen", "Departure"), Some(Node::DepartedOrigin));
    assert_eq!(
        node_of("cainiao", "DEPARTURE"),
        Some(Node::InTransit),
        "of a station inside China"
    );
}

#[test]
fn the_known_traps_are_avoided() {
    for (carrier, code, node) in [
        ("cainiao", "GTMS_STA_SIGNED", Node::InTransit),
        ("russian_post", "EDH", Node::InTransit),
        ("russian_post", "2/1", Node::Signed),
        ("russian_post", "2/2", Node::Returned),
        ("russian_post", "2/4", Node::Returned),
        ("russian_post", "10", Node::DepartedOrigin),
        ("dhl", "PL", Node::InTransit),
        ("nobody", "InTransit_007", Node::InTransit),
        ("la_poste", "ET1", Node::InTransit),
        ("la_poste", "DI2", Node::Returned),
        ("correios", "BDE01", Node::Signed),
        ("correios", "BDE23", Node::Exception),
        ("cdek", "RETURNED_TO_RECIPIENT_CITY_WAREHOUSE", Node::Exception),
        ("nobody", "Exception_Returning", Node::Exception),
        ("nobody", "Exception_Returned", Node::Returned),
        ("4px", "FPX_I_HCX", Node::CustomsHeld),
        ("ups", "X/KB", Node::Exception),
        ("ups", "D/KM", Node::Signed),
    ] {
        assert_eq!(node_of(carrier, code), Some(node), "{carrier} {code}");
    }
}

#[test]
fn a_star_stands_for_any_characters_and_exact_codes_come_first() {
    assert_eq!(node_of("cainiao", "SC_INBOUND_FAILURE"), Some(Node::Exception));
    assert_eq!(node_of("cainiao", "RT_DESTROY"), Some(Node::Lost));
    assert_eq!(node_of("cainiao", "SC_FAILURE"), None);
    assert_eq!(node_of("nobody", &"EXCEPTION_".repeat(100)), None);
}

#[test]
fn a_clearance_is_the_exports_or_the_imports_by_its_country_and_never_both() {
    for (carrier, code, country, node) in [
        ("yanwen", "InTransit_CustomsReleased", "CN", Node::ExportCustoms),
        ("yanwen", "InTransit_CustomsReleased", "US", Node::ImportCustoms),
        ("yanwen", "InTransit_CustomsReleased", "", Node::ExportCustoms),
        ("la_poste", "DO1", "FR", Node::ImportCustoms),
        ("la_poste", "DO1", "CN", Node::ExportCustoms),
        ("la_poste", "DO1", "", Node::ImportCustoms),
        ("dhl", "CR", "", Node::ImportCustoms),
        ("yunexpress", "包裹清关完成，海关放行", "RU", Node::ImportCustoms),
        ("yunexpress", "进口清关完成，海关放行", "", Node::ImportCustoms),
    ] {
        assert_eq!(
            told(carrier, code, "", country),
            Some(node),
            "{carrier} {code} {country}"
        );
    }
}

#[test]
fn texts_stand_for_codes_however_they_are_written() {
    for (carrier, text, node) in [
        ("yanwen", "Yanwen Acceptance.", Node::PickedUp),
        (
            "yanwen",
            "Despatched from yanwen sorting center.",
            Node::InTransit,
        ),
        (
            "yanwen",
            "DESPATCHED FROM YANWEN  SORTING CENTER",
            Node::InTransit,
        ),
        ("sf", "已签收,感谢使用", Node::Signed),
        ("china_post", "妥投", Node::Signed),
        (
            "nobody",
            "Delivered, In/At Mailbox, Your item was delivered.",
            Node::Signed,
        ),
        (
            "fedex",
            "International shipment release - Export",
            Node::ExportCustoms,
        ),
        (
            "fedex",
            "International shipment release - Import",
            Node::ImportCustoms,
        ),
        ("nobody", "Leaving from departure country/region", Node::InTransit),
        (
            "nobody",
            "Departed from departure country/region",
            Node::DepartedOrigin,
        ),
    ] {
        assert_eq!(node_of(carrier, text), Some(node), "{text}");
    }
}

#[test]
fn what_is_no_delivery_is_not_signed() {
    for (text, node) in [
        ("Delivered by driver to Pickup parcelshop", Node::InTransit),
        ("Delivered to the pickup point", Node::InTransit),
        ("快件已由菜鸟驿站代收", Node::InTransit),
        ("已签收，签收人：自提柜", Node::InTransit),
        ("已投递到快递柜，请凭取件码领取", Node::InTransit),
        ("Not delivered", Node::DeliveryAttempted),
        ("未妥投", Node::DeliveryAttempted),
        ("收件人拒签", Node::DeliveryAttempted),
        ("快件正在派送，请准备签收", Node::OutForDelivery),
        ("Delivered to sender", Node::Returned),
        ("退回件已签收", Node::Returned),
        ("快件退回中", Node::Exception),
        ("Return to sender", Node::Exception),
    ] {
        assert_eq!(node_of("nobody", text), Some(node), "{text}");
    }
}

#[test]
fn a_description_speaks_where_the_code_does_not() {
    for (carrier, code, description, node) in [
        ("nobody", "-", "Delivered", Some(Node::Signed)),
        ("nobody", "77206", "PICKED UP", Some(Node::PickedUp)),
        (
            "nobody",
            "InTransit_007",
            "Export customs clearance complete",
            Some(Node::ExportCustoms),
        ),
        // A code that is known is not ended by words.
        ("cainiao", "GTMS_STA_SIGNED", "Delivered", Some(Node::InTransit)),
        ("ups", "X/L1", "Delivery attempted", Some(Node::DeliveryAttempted)),
        ("ups", "X/L1", "Delivered", Some(Node::Exception)),
        // A code of delivery is taken back, for the parcel is at a pickup point or with its sender.
        ("usps", "01", "Delivered to pickup point", Some(Node::InTransit)),
        ("usps", "01", "Delivered to sender", Some(Node::Returned)),
        ("usps", "01", "Delivered, Parcel Locker", Some(Node::Signed)),
        ("nobody", "?", "nothing of note", None),
    ] {
        assert_eq!(told(carrier, code, description, ""), node, "{code} {description}");
    }
}

#[test]
fn codes_are_told_from_texts() {
    let is_code = |code, description| {
        let report = Report {
            code,
            description,
            country: None,
        };
        understand("cainiao", &report).map(|understood| understood.is_code)
    };
    assert_eq!(is_code("GTMS_SIGNED", ""), Some(true));
    assert_eq!(is_code("签收", ""), Some(true));
    assert_eq!(is_code("已签收，签收人：张三", ""), Some(false));
    assert_eq!(is_code("13800138000", "Delivered"), Some(false));
}
