//! Carriers: ranked by what their parcels tell, over integers.

use domain::Node;

use crate::made::{digest_of, hour, order, send};

#[test]
fn the_carrier_that_is_silent_most_comes_first() {
    let complete = [
        (Node::PickedUp, 5),
        (Node::ExportCustoms, 20),
        (Node::DepartedOrigin, 40),
        (Node::ArrivedDestination, 60),
        (Node::ImportCustoms, 80),
        (Node::OutForDelivery, 100),
        (Node::Signed, 120),
    ];
    let mut all = Vec::new();
    for number in 0..6 {
        let mut made = order(number, 8_010, 0);
        match number {
            0..=2 => send(&mut made, "dhl", &complete),
            // Silent from 5 h to 100 h, and it leaves out most nodes.
            3 => send(&mut made, "yanwen", &[(Node::PickedUp, 5), (Node::Signed, 100)]),
            // Silent since 5 h.
            4 => send(&mut made, "yanwen", &[(Node::PickedUp, 5)]),
            _ => send(&mut made, "ups", &[]),
        }
        all.push(made);
    }
    let digest = digest_of(&all, Vec::new(), hour(140));
    let [worst, best] = &digest.carriers[..] else {
        panic!("{:?}", digest.carriers)
    };
    assert_eq!(
        (
            worst.carrier.as_str(),
            worst.silences_per_mille,
            worst.figures.silent_now
        ),
        ("yanwen", 1_000, 1)
    );
    assert_eq!(
        (
            worst.figures.incomplete,
            worst.figures.ended,
            worst.incomplete_per_mille
        ),
        (1, 1, 1_000)
    );
    assert_eq!(worst.figures.missing_nodes[&Node::ExportCustoms], 1);
    assert_eq!(
        (
            best.carrier.as_str(),
            best.silences_per_mille,
            best.figures.incomplete
        ),
        ("dhl", 0, 0)
    );
    assert_eq!(best.latency_median.as_deref(), Some("≤ 1 h"));
}

#[test]
fn what_lies_back_too_far_is_not_judged() {
    let mut old = order(1, 8_010, 0);
    send(&mut old, "dhl", &[(Node::PickedUp, 5), (Node::Signed, 100)]);
    // The silence ended at 100 h; thirty days later and a second it is forgotten.
    let judged = |as_of| digest_of(std::slice::from_ref(&old), Vec::new(), as_of).carriers;
    assert_eq!(judged(hour(100 + 720 - 1))[0].figures.silences, 1);
    assert_eq!(
        judged(hour(100 + 720)).first().map(|row| row.figures.silences),
        Some(0)
    );
}
