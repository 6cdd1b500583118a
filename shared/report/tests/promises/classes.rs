//! Who may be admitted at all (C4), who is admitted by papers (C2, C3), and what a row says of it.

use std::collections::BTreeMap;

use domain::seller::{Authorisation, Certificate, CertificateKind, EntityType, Profile};
use domain::{Month, PolicyBook, SellerId};
use report::{MonthReport, Risk, SellerMonth, Standing};

use crate::lake::{Lake, at, month, orders, policy_with};

/// The last second in Pacific that is still April.
const LAST_SECOND: &str = "2024-05-01T06:59:59Z";
/// May 3rd and 4th in Pacific, when April is final.
const THE_THIRD: &str = "2024-05-04T06:59:59Z";
const THE_FOURTH: &str = "2024-05-04T07:00:00Z";
/// Long after.
const LATER: &str = "2024-07-15T07:00:00Z";

fn certificate(country: &str, from: &str, until: &str) -> Certificate {
    Certificate {
        country: country.to_owned(),
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

fn local(from: &str, until: &str) -> Profile {
    Profile {
        certificates: Some(vec![certificate("ES", from, until)]),
        ..Profile::default()
    }
}

fn owned_by(entity_type: EntityType, profile: Profile) -> Profile {
    Profile {
        entity_type: Some(entity_type),
        ..profile
    }
}

fn admitted(mut report: MonthReport, seller_id: &str, profile: Profile, book: &PolicyBook) -> MonthReport {
    let seller_id = SellerId::parse(seller_id).expect("a seller");
    report.admit(&BTreeMap::from([(seller_id, profile)]), book);
    report
}

fn april() -> Month {
    month("2024-04")
}

/// April's row of one seller with so many failures of 20, as of an instant, with these papers.
fn row(failures: usize, as_of: &str, profile: Profile) -> SellerMonth {
    row_of(april(), failures, as_of, profile)
}

fn row_of(month: Month, failures: usize, as_of: &str, profile: Profile) -> SellerMonth {
    let months = [month.minus(2), month.minus(1), month];
    let of = |month| (month, orders("shop", month, 20, failures, 5_000_000));
    let report = Lake::of(&months.map(of)).report(month, at(as_of));
    let mut report = admitted(report, "shop", profile, PolicyBook::shipped());
    assert_eq!(report.rows.len(), 1);
    report.rows.remove(0)
}

fn classes(row: &SellerMonth) -> (bool, bool, bool, bool) {
    (row.class_ka, row.class_local, row.class_sensitive, row.eligible)
}

#[test]
fn a_certificate_admits_to_a_month_if_it_is_in_force_at_its_last_instant_whenever_the_report_is_made() {
    for (from, until, admits) in [
        // On the month's last day, and only then.
        ("2024-04-30", "2024-04-30", true),
        ("2024-01-01", "2024-04-29", false),
        // Ended on the 3rd of the next month.
        ("2024-01-01", "2024-05-03", true),
        // Begun after the month, though in force when most of these reports are made.
        ("2024-05-01", "permanent", false),
    ] {
        for as_of in [LAST_SECOND, THE_THIRD, THE_FOURTH, LATER] {
            let row = row(5, as_of, local(from, until));
            assert_eq!(
                classes(&row),
                (false, admits, false, admits),
                "{from} to {until}, as of {as_of}"
            );
        }
    }
}

#[test]
fn while_the_month_runs_the_reports_own_instant_decides() {
    // April 15th in Pacific, to the last second.
    let middle = "2024-04-16T06:59:59Z";
    for (from, until, admits) in [
        ("2024-04-15", "2024-04-15", true),
        ("2024-01-01", "2024-04-14", false),
        ("2024-04-16", "permanent", false),
    ] {
        let row = row(5, middle, local(from, until));
        assert_eq!(classes(&row), (false, admits, false, admits), "{from} to {until}");
    }
}

#[test]
fn a_paper_that_has_ended_since_says_so_and_no_longer_carries() {
    let until_the_third = || local("2024-01-01", "2024-05-03");
    let before = row(5, THE_THIRD, until_the_third());
    assert!(
        before.reasons_en.ends_with(
            "; C2: certificate in force on 2024-04-30 for ES (overseas warehouse, until 2024-05-03)"
        ),
        "{}",
        before.reasons_en
    );
    assert_eq!((before.standing, before.risks.len()), (Standing::Eligible, 0));
    let after = row(5, THE_FOURTH, until_the_third());
    assert!(
        after
            .reasons_en
            .ends_with("(overseas warehouse, until 2024-05-03, ended since)"),
        "{}",
        after.reasons_en
    );
    assert!(
        after
            .reasons_zh
            .ends_with("；C2：2024-04-30 本地化履约证书有效：ES（海外仓，至 2024-05-03，此后已到期）"),
        "{}",
        after.reasons_zh
    );
    let last = "2024-05-03".parse().expect("a last day");
    assert!(after.eligible);
    assert_eq!(
        (after.standing, after.risks),
        (Standing::AtRisk, vec![Risk::PapersEnd(last)])
    );
    // One that follows carries on; C1 carries by itself.
    let renewed = Profile {
        certificates: Some(vec![
            certificate("ES", "2024-01-01", "2024-05-03"),
            certificate("ES", "2024-05-04", "permanent"),
        ]),
        ..Profile::default()
    };
    assert_eq!(row(5, LATER, renewed).standing, Standing::Eligible);
    assert_eq!(row(0, LATER, until_the_third()).standing, Standing::Eligible);
    // The same of an authorisation.
    let sensitive = Profile {
        authorisations: Some(vec![authorisation("batteries", "2024-05-03")]),
        ..Profile::default()
    };
    let ended = row(5, LATER, sensitive);
    assert_eq!((ended.eligible, ended.standing), (true, Standing::AtRisk));
    assert!(
        ended.reasons_en.ends_with(
            "C3: authorised on 2024-04-30 for batteries (until 2024-05-03, ended since), and for that alone"
        ),
        "{}",
        ended.reasons_en
    );
}

#[test]
fn the_verdict_names_the_class_that_admits_or_what_each_lacks() {
    let admitted = row(5, LATER, local("2024-01-01", "2025-03-31"));
    assert!(
        admitted
            .reasons_en
            .contains("5 of 20 orders failed, 4 too many; ")
            && admitted.reasons_en.ends_with(
                "; C2: certificate in force on 2024-04-30 for ES (overseas warehouse, until 2025-03-31)"
            ),
        "{}",
        admitted.reasons_en
    );
    assert!(
        admitted
            .reasons_zh
            .ends_with("；C2：2024-04-30 本地化履约证书有效：ES（海外仓，至 2025-03-31）"),
        "{}",
        admitted.reasons_zh
    );
    let refused = row(5, LATER, Profile::default());
    assert_eq!(classes(&refused), (false, false, false, false));
    assert!(
        refused.reasons_en.ends_with(
            "; C2: no certificate of local fulfilment in force on 2024-04-30; \
             C3: no authorisation for a sensitive category in force on 2024-04-30"
        ),
        "{}",
        refused.reasons_en
    );
    assert!(
        refused
            .reasons_zh
            .ends_with("；C2：2024-04-30 无有效的本地化履约证书；C3：2024-04-30 无有效的敏感类目专项授权"),
        "{}",
        refused.reasons_zh
    );
    // Who is eligible by C1 lacks nothing.
    let key_account = row(1, LATER, Profile::default());
    assert_eq!(classes(&key_account), (true, false, false, true));
    assert!(!key_account.reasons_en.contains("C2") && !key_account.reasons_zh.contains("C3"));
}

#[test]
fn an_authorisation_admits_to_its_category_and_leaves_what_c1_says_of_the_rest() {
    let batteries = Profile {
        authorisations: Some(vec![authorisation("lithium batteries", "permanent")]),
        ..Profile::default()
    };
    let admitted = row(5, LATER, batteries.clone());
    assert_eq!(classes(&admitted), (false, false, true, true));
    assert_eq!(admitted.standing, Standing::Eligible);
    assert!(
        admitted.reasons_en.ends_with(
            "; C3: authorised on 2024-04-30 for lithium batteries (without end), and for that alone"
        ),
        "{}",
        admitted.reasons_en
    );
    // At risk of losing C1, it is so still: C3 carries its category alone.
    let (alone, both) = (row(1, LATER, Profile::default()), row(1, LATER, batteries));
    assert_eq!(alone.standing, Standing::AtRisk);
    assert_eq!((both.standing, &both.risks), (alone.standing, &alone.risks));
    // A certificate carries all of it.
    let certified = row(1, LATER, local("2024-01-01", "permanent"));
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
        LATER,
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

#[test]
fn a_sole_proprietor_is_refused_before_anything_else_whatever_class_holds() {
    let permanent = || local("2024-01-01", "permanent");
    for (failures, profile, held) in [
        (0, Profile::default(), (true, false, false)),
        (5, permanent(), (false, true, false)),
        (0, permanent(), (true, true, false)),
        (5, Profile::default(), (false, false, false)),
    ] {
        for as_of in ["2024-04-16T06:59:59Z", LATER] {
            let row = row(
                failures,
                as_of,
                owned_by(EntityType::SoleProprietor, profile.clone()),
            );
            assert_eq!((row.class_ka, row.class_local, row.class_sensitive), held);
            assert!(!row.eligible);
            assert_eq!(
                (row.standing, row.risks.len(), row.forecast),
                (Standing::NotEligible, 0, None)
            );
            assert!(
                row.reasons_en.starts_with(
                    "C4 (Access Measures 2024-05): the owner is a sole proprietor, which is not admitted, \
                     whatever class holds; C1 (Access Measures 2024-05): "
                ),
                "{}",
                row.reasons_en
            );
            assert!(
                row.reasons_zh.starts_with(
                    "C4（接入管理办法 2024-05）：主体为个体工商户，暂不开放申请，无论满足何种准入类别；\
                     C1（接入管理办法 2024-05）："
                ),
                "{}",
                row.reasons_zh
            );
        }
    }
}

#[test]
fn an_owner_outside_the_mainland_needs_notarised_papers_and_an_unstated_one_nothing() {
    use EntityType::{Company, HongKong, Macau, Overseas, Taiwan};

    for entity in [HongKong, Macau, Taiwan, Overseas] {
        for (notarised, eligible) in [(None, false), (Some(false), false), (Some(true), true)] {
            let papers = Profile {
                notarised,
                ..Profile::default()
            };
            let row = row(0, LATER, owned_by(entity, papers));
            assert_eq!(
                (row.class_ka, row.eligible),
                (true, eligible),
                "{entity:?} {notarised:?}"
            );
            assert_eq!(
                row.reasons_en.contains("notarised papers are required"),
                !eligible
            );
            assert_eq!(row.reasons_zh.contains("须提供公证认证文件"), !eligible);
        }
    }
    for profile in [owned_by(Company, Profile::default()), Profile::default()] {
        let row = row(0, LATER, profile);
        assert!(
            row.eligible && !row.reasons_en.contains("C4"),
            "{}",
            row.reasons_en
        );
    }
}

#[test]
fn who_is_refused_is_the_policys_to_say() {
    let book = policy_with("refused = [\"sole_proprietor\"]", "refused = [\"overseas\"]");
    let months = ["2024-02", "2024-03", "2024-04"].map(month);
    let lake = Lake::of(&months.map(|month| (month, orders("shop", month, 20, 0, 5_000_000))));
    for (entity, eligible) in [(EntityType::SoleProprietor, true), (EntityType::Overseas, false)] {
        let report = lake.report_under(april(), at(LATER), &book);
        let report = admitted(report, "shop", owned_by(entity, Profile::default()), &book);
        assert_eq!(report.rows[0].eligible, eligible, "{entity:?}");
    }
}

#[test]
fn a_seller_with_papers_and_no_orders_has_a_row_of_nothing_with_its_classes() {
    let book = PolicyBook::shipped();
    let lake = Lake::of(&[(april(), orders("shop", april(), 20, 5, 5_000_000))]);
    for (name, before) in [("another", 0), ("zebra", 1)] {
        let report = admitted(
            lake.report(april(), at(LATER)),
            name,
            local("2024-01-01", "permanent"),
            book,
        );
        let sellers: Vec<_> = report.rows.iter().map(|row| row.seller_id.as_str()).collect();
        let mut sorted = sellers.clone();
        sorted.sort_unstable();
        assert_eq!((sellers.len(), &sellers), (2, &sorted));
        let row = &report.rows[before];
        assert_eq!(row.seller_id.as_str(), name);
        assert_eq!(classes(row), (false, true, false, true));
        assert_eq!(
            (row.gmv.0, row.orders_due, row.fulfilment_rate_bp, row.fines_count),
            (0, 0, None, 0)
        );
        assert!(
            row.reasons_en
                .contains("no due orders in 2024-02; no due orders in 2024-03; no due orders in 2024-04")
                && row.reasons_en.contains("C2: certificate in force"),
            "{}",
            row.reasons_en
        );
        assert!(
            row.reasons_zh.contains("2024-04 无应履约订单"),
            "{}",
            row.reasons_zh
        );
    }
    // Whatever the papers say; and while the month runs as well.
    for as_of in ["2024-04-16T06:59:59Z", LATER] {
        let report = admitted(
            Lake::empty().report(april(), at(as_of)),
            "alone",
            owned_by(EntityType::SoleProprietor, Profile::default()),
            book,
        );
        assert_eq!(report.rows.len(), 1);
        assert!(report.rows[0].reasons_en.starts_with("C4 (") && !report.rows[0].eligible);
    }
}

#[test]
fn a_month_before_the_source_of_admission_cites_it_as_assumed_and_a_later_one_does_not() {
    let remark = "Access Measures 2024-05 applied to a month before 2024-05-01 (assumed date)";
    for (month, is_early) in [
        ("2024-03", true),
        ("2024-04", true),
        ("2024-05", false),
        ("2025-01", false),
    ] {
        let month = self::month(month);
        let row = row_of(month, 1, "2026-01-01T00:00:00Z", Profile::default());
        assert_eq!(row.reasons_en.contains(remark), is_early, "{month}");
        assert!(row.reasons_en.starts_with("C1 (Access Measures 2024-05): "));
        let report = Lake::empty().report(month, at("2026-01-01T00:00:00Z"));
        let cited = report.admission;
        assert_eq!(
            (
                cited.version.as_str(),
                cited.effective_on.as_str(),
                cited.applied_early
            ),
            ("2024-05", "2024-05-01", is_early)
        );
        assert_eq!(cited.title_zh, "线下物流服务商接入管理办法");
    }
}
