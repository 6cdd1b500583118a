//! Who is admitted by papers (C2, C3), and what a row says of them.

use std::collections::BTreeMap;

use domain::PolicyBook;
use domain::seller::{Authorisation, Certificate, CertificateKind, Profile};
use report::{SellerMonth, Standing};

use crate::lake::{Lake, at, month, orders};

/// The last day in Pacific that is still the 31st: 06:59:59 UTC on June 1st.
const LAST_SECOND: &str = "2024-06-01T06:59:59Z";
const A_SECOND_LATER: &str = "2024-06-01T07:00:00Z";

fn certificate(from: &str, until: &str) -> Certificate {
    Certificate {
        country: "ES".to_owned(),
        kind: CertificateKind::OverseasWarehouse,
        valid_from: from.parse().expect("a day"),
        valid_until: until.parse().expect("a last day"),
    }
}

fn authorisation(category: &str, until: &str) -> Authorisation {
    Authorisation {
        category: category.to_owned(),
        valid_from: "2024-01-01".parse().expect("a day"),
        valid_until: until.parse().expect("a last day"),
    }
}

/// April's row of one seller with so many failures of 20, as of an instant, with these papers.
fn row(failures: usize, as_of: &str, profile: Profile) -> SellerMonth {
    let months = ["2024-02", "2024-03", "2024-04"].map(month);
    let of = |month| (month, orders("shop", month, 20, failures, 5_000_000));
    let mut report = Lake::of(&months.map(of)).report(months[2], at(as_of));
    let profiles = BTreeMap::from([(report.rows[0].seller_id.clone(), profile)]);
    report.admit(&profiles, PolicyBook::shipped());
    report.rows.remove(0)
}

fn local(from: &str, until: &str) -> Profile {
    Profile {
        certificates: Some(vec![certificate(from, until)]),
        ..Profile::default()
    }
}

fn classes(row: &SellerMonth) -> (bool, bool, bool, bool) {
    (row.class_ka, row.class_local, row.class_sensitive, row.eligible)
}

#[test]
fn a_certificate_admits_from_its_first_day_to_its_last_in_the_platforms_zone() {
    for (as_of, profile, admits) in [
        (LAST_SECOND, local("2024-05-31", "2024-05-31"), true),
        (A_SECOND_LATER, local("2024-05-31", "2024-05-31"), false),
        (A_SECOND_LATER, local("2024-06-01", "permanent"), true),
        (LAST_SECOND, local("2024-06-01", "permanent"), false),
    ] {
        let row = row(5, as_of, profile.clone());
        assert_eq!(
            classes(&row),
            (false, admits, false, admits),
            "{as_of} {profile:?}"
        );
        let standing = if admits {
            Standing::Eligible
        } else {
            Standing::NotEligible
        };
        assert_eq!(row.standing, standing);
    }
}

#[test]
fn the_verdict_names_the_class_that_admits_or_what_each_lacks() {
    let admitted = row(5, LAST_SECOND, local("2024-01-01", "2025-03-31"));
    assert!(
        admitted.reasons_en.ends_with(
            "5 of 20 orders failed, 4 too many; C2: certificate in force for ES (overseas warehouse, until 2025-03-31)"
        ),
        "{}",
        admitted.reasons_en
    );
    assert!(
        admitted
            .reasons_zh
            .ends_with("；C2：本地化履约证书有效：ES（海外仓，至 2025-03-31）"),
        "{}",
        admitted.reasons_zh
    );
    let refused = row(5, LAST_SECOND, Profile::default());
    assert_eq!(classes(&refused), (false, false, false, false));
    assert!(
        refused.reasons_en.ends_with(
            "; C2: no certificate of local fulfilment in force; C3: no authorisation for a sensitive category in force"
        ),
        "{}",
        refused.reasons_en
    );
    assert!(
        refused
            .reasons_zh
            .ends_with("；C2：无有效的本地化履约证书；C3：无有效的敏感类目专项授权"),
        "{}",
        refused.reasons_zh
    );
    // Who is eligible by C1 lacks nothing.
    let key_account = row(1, LAST_SECOND, Profile::default());
    assert_eq!(classes(&key_account), (true, false, false, true));
    assert!(!key_account.reasons_en.contains("C2") && !key_account.reasons_zh.contains("C3"));
}

#[test]
fn an_authorisation_admits_to_its_category_and_leaves_what_c1_says_of_the_rest() {
    let batteries = Profile {
        authorisations: Some(vec![authorisation("lithium batteries", "permanent")]),
        ..Profile::default()
    };
    let admitted = row(5, LAST_SECOND, batteries.clone());
    assert_eq!(classes(&admitted), (false, false, true, true));
    assert_eq!(admitted.standing, Standing::Eligible);
    assert!(
        admitted
            .reasons_en
            .ends_with("; C3: authorised for lithium batteries (without end), and for that alone"),
        "{}",
        admitted.reasons_en
    );
    // At risk of losing C1, it is so still: C3 carries its category alone.
    let (alone, both) = (
        row(1, LAST_SECOND, Profile::default()),
        row(1, LAST_SECOND, batteries),
    );
    assert_eq!(alone.standing, Standing::AtRisk);
    assert_eq!((both.standing, &both.risks), (alone.standing, &alone.risks));
    // A certificate carries all of it.
    let certified = row(1, LAST_SECOND, local("2024-01-01", "permanent"));
    assert_eq!(
        (certified.standing, certified.risks.len()),
        (Standing::Eligible, 0)
    );
    assert_eq!(classes(&certified), (true, true, false, true));
}

#[test]
fn of_many_papers_the_first_are_named_and_the_rest_counted() {
    let many = (1..=7).map(|number| authorisation(&format!("category {number}"), "permanent"));
    let row = row(
        5,
        LAST_SECOND,
        Profile {
            authorisations: Some(many.collect()),
            ..Profile::default()
        },
    );
    assert!(
        row.reasons_en
            .contains("category 5 (without end) and 2 more, and for that alone"),
        "{}",
        row.reasons_en
    );
    assert!(
        row.reasons_zh.ends_with("category 5（长期）等，另有 2 项"),
        "{}",
        row.reasons_zh
    );
}
