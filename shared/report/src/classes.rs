//! Who may be admitted at all (C4), and the classes that papers admit to: local fulfilment (C2) and a sensitive category (C3).
//! Of the classes any one is enough, C1 among them.

mod wording;

use std::collections::BTreeMap;

use domain::policy::AdmissionPolicy;
use domain::seller::{Authorisation, Certificate, EntityType, Profile, ValidUntil};
use domain::{PolicyBook, SellerId, Timestamp};

use crate::decision::Decision;
use crate::{MonthReport, Risk, SellerMonth, Standing};

impl MonthReport {
    /// Asks C4 of every seller, admits by papers (C2, C3), and states for those who are not eligible what is missing. A seller
    /// with papers and without orders gets a row.
    ///
    /// `profiles` are what was known of the sellers by the report's instant. A paper admits if it is in force at the month's
    /// last instant, or at the report's if that is earlier. A certificate takes away what puts C1 at risk, an authorisation
    /// only from who is not eligible otherwise, since its right is limited to its category; neither does so once it has ended.
    pub fn admit(&mut self, profiles: &BTreeMap<SellerId, Profile>, book: &PolicyBook) {
        self.add_rows(profiles, book);
        let admission = book.admission_of(self.month);
        let last = Timestamp::from_unix(self.month.ends_at(book.zone).unix() - 1);
        let in_force_on = last.min(self.as_of).date_in(book.zone);
        // A seller's standing looks ahead: to the month's end, or to now once that is over.
        let ahead_on = last.max(self.as_of).date_in(book.zone);
        let ended_by = self.as_of.date_in(book.zone);
        let nothing = Profile::default();
        for row in &mut self.rows {
            let profile = profiles.get(&row.seller_id).unwrap_or(&nothing);
            let carries = |papers: usize| papers > 0;
            row.admit(&Papers {
                refusal: Refusal::of(profile, admission),
                certificates: profile.certificates_in_force(in_force_on),
                authorisations: profile.authorisations_in_force(in_force_on),
                certified_ahead: carries(profile.certificates_in_force(ahead_on).len()),
                authorised_ahead: carries(profile.authorisations_in_force(ahead_on).len()),
                on: in_force_on.to_string(),
                has_ended: &|until| matches!(until, ValidUntil::Day(last) if last < ended_by),
                cited: admission.cited(),
            });
        }
    }

    /// Rows of the sellers that have papers and no orders in the months shown.
    fn add_rows(&mut self, profiles: &BTreeMap<SellerId, Profile>, book: &PolicyBook) {
        let decision = Decision::of(self.month, self.as_of, book);
        let is_known = |seller_id: &SellerId| {
            let found = self.rows.binary_search_by(|row| row.seller_id.cmp(seller_id));
            found.is_ok()
        };
        let added = profiles.keys().filter(|seller_id| !is_known(seller_id));
        let added: Vec<_> = added
            .map(|seller_id| decision.row_without_orders(seller_id))
            .collect();
        if !added.is_empty() {
            self.rows.extend(added);
            self.rows
                .sort_by(|one, other| one.seller_id.cmp(&other.seller_id));
        }
    }
}

/// Why C4 refuses a seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Such owners are not admitted.
    Entity(EntityType),
    /// Such owners need notarised papers, and none are recorded.
    NotNotarised(EntityType),
}

impl Refusal {
    /// An entity type that nobody stated refuses nobody.
    fn of(profile: &Profile, admission: &AdmissionPolicy) -> Option<Self> {
        let entity = profile.entity_type?;
        if admission.entity.refused.contains(&entity) {
            return Some(Self::Entity(entity));
        }
        let needs_notarised = admission.entity.notarised.contains(&entity);
        (needs_notarised && profile.notarised != Some(true)).then_some(Self::NotNotarised(entity))
    }
}

/// What a seller's papers come to.
struct Papers<'a> {
    refusal: Option<Refusal>,
    /// In force on the deciding day.
    certificates: Vec<&'a Certificate>,
    authorisations: Vec<&'a Authorisation>,
    /// Whether any is in force on the day that a standing looks ahead to.
    certified_ahead: bool,
    authorised_ahead: bool,
    /// The deciding day.
    on: String,
    /// Whether a paper has ended by the report's instant.
    has_ended: &'a dyn Fn(ValidUntil) -> bool,
    /// The pack, as reasons cite it.
    cited: (String, String),
}

impl Papers<'_> {
    /// The last day of the papers that admit, whichever lasts longest.
    fn last_day(&self) -> Option<ValidUntil> {
        let certificates = self.certificates.iter().map(|paper| paper.valid_until);
        let authorisations = self.authorisations.iter().map(|paper| paper.valid_until);
        certificates.chain(authorisations).max()
    }
}

impl SellerMonth {
    fn admit(&mut self, papers: &Papers<'_>) {
        self.class_local = !papers.certificates.is_empty();
        self.class_sensitive = !papers.authorisations.is_empty();
        let holds_a_class = self.class_ka || self.class_local || self.class_sensitive;
        self.eligible = papers.refusal.is_none() && holds_a_class;
        self.stand(papers);
        let (first, then) = papers.reasons(self.eligible);
        if let Some((en, zh)) = first {
            self.reasons_en = format!("{en}; {}", self.reasons_en);
            self.reasons_zh = format!("{zh}；{}", self.reasons_zh);
        }
        for (en, zh) in then {
            self.reasons_en.push_str("; ");
            self.reasons_en.push_str(&en);
            self.reasons_zh.push('；');
            self.reasons_zh.push_str(&zh);
        }
    }

    /// Where the seller stands, given where C1 puts it.
    fn stand(&mut self, papers: &Papers<'_>) {
        let is_out_of_c1 = self.standing == Standing::NotEligible;
        let by_certificate = self.class_local && papers.certified_ahead;
        let by_authorisation = is_out_of_c1 && self.class_sensitive && papers.authorised_ahead;
        if papers.refusal.is_some() {
            self.standing = Standing::NotEligible;
            self.risks.clear();
            self.forecast = None;
        } else if by_certificate || by_authorisation {
            self.standing = Standing::Eligible;
            self.risks.clear();
            self.forecast = None;
        } else if is_out_of_c1 && (self.class_local || self.class_sensitive) {
            self.standing = Standing::AtRisk;
            self.risks = papers.last_day().map(Risk::PapersEnd).into_iter().collect();
        }
    }
}
