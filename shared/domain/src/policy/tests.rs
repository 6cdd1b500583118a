use super::file::SHIPPED;
use super::*;
use crate::carrier::{Carrier, CarrierClass};
use crate::event_code::Report;
use crate::time::StatedZone;

#[test]
fn the_shipped_policy_is_sound() {
    let book = PolicyBook::parse(SHIPPED).expect("sound");
    let pack = book.in_force_at("2024-05-01T00:00:00Z".parse().expect("an instant"));
    assert_eq!(
        (
            pack.version.as_str(),
            pack.silence.fine_cents,
            pack.upload.fined_codes.len()
        ),
        ("V4.2", 120, 12)
    );
}

#[test]
fn an_order_is_under_the_pack_in_force_at_its_payment() {
    let (shared, pack) = SHIPPED.split_at(SHIPPED.find("[[pack]]").expect("a pack"));
    let newer = pack.replace("V4.2", "V5").replace("2024-03-01", "2025-01-01");
    let book = PolicyBook::parse(&format!("{shared}{newer}\n{pack}")).expect("sound");
    let version = |at: &str| book.in_force_at(at.parse().expect("an instant")).version.clone();
    assert_eq!(version("2016-01-01T00:00:00Z"), "V4.2");
    assert_eq!(version("2025-01-01T07:59:59Z"), "V4.2");
    assert_eq!(version("2025-01-01T08:00:00Z"), "V5");
    assert!(book.applied_early("2024-03-01T07:59:59Z".parse().expect("an instant")));
}

#[test]
fn a_slip_in_a_policy_file_is_refused_by_name() {
    for (from, to) in [
        ("\"KP\"", "\"XX\""),
        ("hours_max = 48", "hours_max = 0"),
        ("America/Los_Angeles", "Mars/Olympus"),
        ("NUM_EMPTY", "NUM_EMTPY"),
        ("fine_cents = 120", "fine_cents = 1.20"),
        ("fine_cents_max", "fine_cents_maximum"),
        ("rows_max = 20_000", "rows_max = 0"),
        ("silence_hours = 36", "silence_hours = 100_000"),
        ("fulfilment_percent_min = 95", "fulfilment_percent_min = 950"),
    ] {
        assert!(
            PolicyBook::parse(&SHIPPED.replace(from, to)).is_err(),
            "{from} → {to}"
        );
    }
}

#[test]
fn zones_are_the_senders_the_kinds_or_the_default() {
    let zone = |text: &str| StatedZone::parse(text);
    let shipped = PolicyBook::shipped();
    assert_eq!(
        Some(shipped.zones.default_of("orders")),
        zone("America/Los_Angeles")
    );
    assert_eq!(shipped.zones.setting(None, "orders"), None);
    let own = "[zones]\ndefault = \"Beijing\"\nkinds = { events = \"UTC+1\" }\noperator = { orders = \"PST\" }\n\
               [zones.sellers.S1]\ntracking = \"+08:00\"\n";
    let book = PolicyBook::parse(own).expect("sound");
    assert_eq!(book.zones.doubtful_percent, 20);
    assert_eq!(Some(book.zones.default_of("orders")), zone("Beijing"));
    assert_eq!(Some(book.zones.default_of("events")), zone("UTC+1"));
    let s1 = crate::SellerId::parse("S1");
    assert_eq!(book.zones.setting(s1.as_ref(), "tracking"), zone("UTC+8"));
    assert_eq!(book.zones.setting(s1.as_ref(), "orders"), None);
    assert_eq!(book.zones.setting(None, "orders"), zone("America/Los_Angeles"));
    assert!(!book.takes_in_like(shipped), "the same files give other instants");
    for slip in [
        "[zones]\ndefault = \"Pekin\"",
        "[zones]\nkinds = { parcels = \"Beijing\" }",
        "[zones]\noperator = { order = \"Beijing\" }",
        "[zones.sellers.S1]\ntrackings = \"Beijing\"",
        "[zones.sellers.\"店铺\"]\ntracking = \"Beijing\"",
        "[zones]\ndoubtful_percent = 101",
        "[zones]\nzone = \"Beijing\"",
    ] {
        assert!(PolicyBook::parse(slip).is_err(), "{slip}");
    }
}

#[test]
fn a_file_may_hold_what_differs_alone_and_its_text_then_says_everything() {
    let shipped = PolicyBook::shipped();
    assert_eq!(shipped.text(), SHIPPED);
    let nothing = PolicyBook::parse("# nothing\n").expect("sound");
    assert!(nothing.takes_in_like(shipped) && shipped.takes_in_like(&nothing));
    assert_eq!(nothing.newest().version, "V4.2");
    let own = "[board]\nrows_max = 7\n\n[[embargo]]\ncountry = \"IR\"\nfrom = \"2026-01-01\"";
    let book = PolicyBook::parse(own).expect("sound");
    assert_eq!(
        (book.board.rows_max, book.intake.clone()),
        (7, shipped.intake.clone())
    );
    assert!(book.text().starts_with(own) && book.text().contains("[[pack]]"));
    let again = PolicyBook::parse(book.text()).expect("a whole file");
    assert_eq!(again.text(), book.text());
    assert!(again.takes_in_like(&book) && !book.takes_in_like(shipped));
    let day = |text: &str| text.parse().expect("a day");
    for (on, is_embargoed) in [("2025-12-31", false), ("2026-01-01", true)] {
        assert_eq!(book.newest().is_embargoed("IR", day(on)), is_embargoed, "{on}");
        assert!(book.newest().is_embargoed("KP", day(on)));
    }
}

#[test]
fn sellers_may_send_tracking_appeals_and_papers_unless_the_policy_says_otherwise() {
    let may_send = |book: &PolicyBook| UPLOAD_KINDS.map(|kind| book.seller_may_send(kind));
    let shipped = [false, true, false, true, true, false, false];
    assert_eq!(may_send(PolicyBook::shipped()), shipped);
    let before_the_field = SHIPPED.replace("seller_kinds", "# seller_kinds");
    assert_eq!(
        may_send(&PolicyBook::parse(&before_the_field).expect("sound")),
        shipped
    );
    let more = PolicyBook::parse("[intake]\nseller_kinds = ['orders', 'tracking']").expect("sound");
    assert_eq!(may_send(&more), [true, true, false, false, false, false, false]);
    assert_eq!(more.intake.parked_max, Elapsed::days(45));
    assert!(PolicyBook::parse("[intake]\nseller_kinds = ['tracing']").is_err());
}

#[test]
fn the_example_of_an_operators_file_is_sound() {
    let book = PolicyBook::parse(include_str!("../../data/operator.toml")).expect("sound");
    let own = book.carriers.find("北方卡车").expect("an own carrier");
    assert_eq!(
        (own.id(), own.class()),
        ("north_trucks", CarrierClass::OwnPartner)
    );
    assert!(own.needs_agreement() && own.judge("NT0123456789").is_some());
    let covers = |carrier: &Carrier, day: &str| carrier.is_covered_by_policy(day.parse().expect("a day"));
    assert!(covers(own, "2026-12-31") && !covers(own, "2027-01-01"));
    let gls = book.carriers.find("GLS Poland").expect("a shipped carrier");
    assert!(gls.id() == "gls" && covers(gls, "2030-01-01") && gls.judge("36301917596").is_some());
    assert!(CarrierTable::shipped().find("GLS Poland").is_none());
    let shipped = PolicyBook::shipped();
    assert!(!book.takes_in_like(shipped) && shipped.carriers.find("北方卡航").is_none());
    let node = |book: &PolicyBook, code: &str| {
        let report = Report {
            code,
            ..Report::default()
        };
        let understood = book.events.understand("north_trucks", &report);
        understood.map(|understood| understood.node)
    };
    assert_eq!(node(&book, "nt-90"), Some(Node::Signed), "of an own carrier");
    assert_eq!(node(&book, "Handed to Nordic Post, Oslo"), Some(Node::InTransit));
    assert_eq!(
        (node(shipped, "NT-90"), node(&book, "Delivered")),
        (None, Some(Node::Signed))
    );
    assert!(PolicyBook::parse("[[event_code]]\ncarrier = 'Pigeon'\ncode = 'A'\nnode = 'signed'").is_err());
    let strict = PolicyBook::parse("[intake]\nproxy_is_signed = false").expect("sound");
    assert!(node(&strict, "已代签") == Some(Node::InTransit) && !strict.takes_in_like(shipped));
}

#[test]
fn an_own_carrier_that_cannot_be_used_is_refused_by_name() {
    let head = "[[carrier]]\nid = 'nt'\nname = 'North Trucks'\n";
    let format = "[[carrier.format]]\npattern = 'NT[0-9]{10}'\n";
    let agreement = "[[carrier.agreement]]\nstamped = true\nclauses = ['scope']\nvalid_from = '2026-01-01'\n";
    assert!(PolicyBook::parse(&format!("{head}{format}")).is_ok());
    for text in [
        head.to_owned(),
        format!("{}{format}", head.replace("'nt'", "'N T'")),
        format!("{}{format}", head.replace("North Trucks", "")),
        format!("{}{format}", head.replace("North Trucks", "DHL")),
        format!("{}{format}", head.replace("name = 'North Trucks'\n", "")),
        format!("{head}{format}{head}{format}"),
        format!("{head}class = 'sold'\n{format}"),
        format!("{head}{format}example = 'NT1'\n"),
        format!("{head}{format}{agreement}"),
        "[[carrier]]\nid = 'ae_standard'\nclass = 'certified'\n".to_owned(),
        "[[carrier]]\nid = 'dhl'\nclass = 'out_of_scope'\n".to_owned(),
    ] {
        assert!(PolicyBook::parse(&text).is_err(), "{text}");
    }
}
