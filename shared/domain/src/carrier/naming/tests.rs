//! Cells that hold more than one name of the table.

use super::*;
use crate::carrier::CarrierClass;

fn named(cell: &str) -> Result<&'static str, Vec<&'static str>> {
    match CarrierTable::shipped().named(cell) {
        Named::Known(carrier) => Ok(carrier.id()),
        Named::Unknown(carriers) => Err(carriers.iter().map(|carrier| carrier.id()).collect()),
    }
}

#[test]
fn the_shipped_words_can_be_read_and_name_carriers_of_the_table() {
    let table = CarrierTable::shipped();
    let lines = WORDS.lines.iter().chain(&WORDS.platform);
    for (_, id) in lines {
        let class = table.find(id).map(Carrier::class);
        assert_eq!(class, Some(CarrierClass::OutOfScope), "{id}");
    }
    for (child, parent) in &WORDS.file.parents {
        assert!(
            table.find(child).is_some() && table.find(parent).is_some(),
            "{child}"
        );
    }
    for name in &WORDS.file.alone {
        assert!(table.find(name).is_some(), "{name}");
    }
}

#[test]
fn several_names_and_qualifiers_of_one_carrier_are_that_carrier() {
    for (cell, id) in [
        ("YANWEN燕文", "yanwen"),
        ("燕文 Yanwen", "yanwen"),
        ("燕文/YANWEN", "yanwen"),
        ("燕文物流（YANWEN）", "yanwen"),
        ("Yanwen Logistics 燕文物流-带电", "yanwen"),
        ("云途(带电)", "yunexpress"),
        ("云途物流 YunExpress", "yunexpress"),
        ("云途专线全球挂号", "yunexpress"),
        ("YunExpress-US", "yunexpress"),
        ("雲途", "yunexpress"),
        ("SF Express 顺丰国际", "sf"),
        ("顺丰(SF)", "sf"),
        ("SF Express 顺丰速运", "sf"),
        ("EMS国际", "ems"),
        ("EMS/ePacket", "ems"),
        ("中国邮政 e邮宝", "ems"),
        ("China Post EMS", "ems"),
        ("DHL Express Worldwide", "dhl"),
        ("DHL国际快递（香港）", "dhl"),
        ("香港DHL", "dhl"),
        ("DHL 敦豪 大货", "dhl"),
        ("FedEx International Priority", "fedex"),
        ("联邦快递 FedEx IP", "fedex"),
        ("UPS红单", "ups"),
        ("UPS Worldwide Saver", "ups"),
        ("4PX递四方", "4px"),
        ("递四方速递(4PX) 普货", "4px"),
        ("JCEX佳成国际", "jcex"),
        ("Russian Post 俄罗斯邮政", "russian_post"),
        ("中国邮政挂号小包 China Post", "china_post"),
        ("【燕文】专线", "yanwen"),
        ("【燕文】航空挂号", "yanwen"),
        ("燕文专线追踪小包-普货", "yanwen"),
        ("4PX-递四方 联邮通", "4px"),
        ("FedEx-IP(香港)", "fedex"),
        ("燕文(订单备注：请尽快发出)", "yanwen"),
        ("Cainiao 菜鸟", "cainiao"),
        ("菜鸟(带电)", "cainiao"),
        ("CDEK СДЭК", "cdek"),
        ("FedEx/联邦", "fedex"),
        ("China Post 邮政小包", "china_post"),
        ("EMS 邮政", "ems"),
        ("法国La Poste", "la_poste"),
        ("YunExpress 云途 中美专线", "yunexpress"),
        ("USPS 美国邮政", "usps"),
    ] {
        assert_eq!(named(cell), Ok(id), "{cell}");
    }
}

#[test]
fn a_cell_that_names_two_carriers_names_none_and_has_both_as_candidates() {
    for (cell, ids) in [
        ("DHL/UPS", vec!["dhl", "ups"]),
        ("燕文 或 云途", vec!["yanwen", "yunexpress"]),
        ("云途(燕文)", vec!["yunexpress", "yanwen"]),
        ("DHL FedEx", vec!["dhl", "fedex"]),
        ("Pigeon DHL", vec!["dhl"]),
        ("加纳邮政", vec![]),
        ("DHLX", vec![]),
        ("鸽子快递", vec![]),
        ("", vec![]),
        ("快递", vec![]),
    ] {
        assert_eq!(named(cell), Err(ids), "{cell}");
    }
}

#[test]
fn any_wording_of_the_platforms_own_lines_is_out_of_scope() {
    for cell in [
        "无忧物流-标准(带电)",
        "AliExpress 无忧物流-优先 2024",
        "速卖通无忧物流",
        "無憂物流-標準",
        "AliExpress Standard Shipping (battery)",
        "AliExpress Premium Shipping 无忧物流-优先",
        "AliExpress Saver Shipping(普货)",
        "AliExpress Direct",
        "AE Standard - Spain",
        "Aliexpress Selection Shipping",
        "AE-Premium",
        "CAINIAO_STANDARD_EU",
        "CAINIAO_FULFILLMENT_STD",
        "AE_CN_SUPER_ECONOMY_G",
        "菜鸟超级经济Global",
        "菜鸟特货专线-标准",
        "菜鸟专线经济",
        "Cainiao Super Economy Global",
        "Cainiao Expedited Economy",
        "Cainiao Heavy Parcel Line",
        "菜鸟无忧物流-标准 (DHL)",
        "速卖通线上发货",
        "AliExpress Shipping",
        "无忧集运",
    ] {
        let class = CarrierTable::shipped().named(cell).known().map(Carrier::class);
        assert_eq!(class, Some(CarrierClass::OutOfScope), "{cell}");
    }
}

proptest::proptest! {
    #[test]
    fn any_cell_is_looked_through_without_a_panic(cell in "\\PC{0,60}") {
        let _ = CarrierTable::shipped().named(&cell);
    }
}

#[test]
fn a_name_in_brackets_or_twice_is_the_same_carrier() {
    let table = CarrierTable::shipped();
    for (name, place) in &table.by_name {
        if is_alone(name) || name.contains(['(', '（']) {
            continue;
        }
        let found = table.named(&format!("{name} ({name})")).known();
        // Of the platform's own lines another may be named: each of them is out of scope.
        let id = table.carriers[*place].id();
        let is_same =
            found.is_some_and(|found| found.id() == id || found.class() == CarrierClass::OutOfScope);
        assert!(is_same, "{name}: {:?}", found.map(Carrier::id));
    }
}
