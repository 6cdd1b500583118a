//! The classes that papers admit to: local fulfilment (C2) and a sensitive category (C3). Beside C1, any one is enough.

use std::collections::BTreeMap;

use domain::seller::{Authorisation, Certificate, CertificateKind, Profile, ValidUntil};
use domain::{PolicyBook, SellerId};

use crate::{MonthReport, SellerMonth, Standing};

/// Papers of one class that a row's reasons name; the rest are counted.
const NAMED_MAX: usize = 5;

impl MonthReport {
    /// Admits sellers by their papers (C2, C3), and tells of those who are not eligible what is missing.
    ///
    /// `profiles` are what was known of the sellers by the report's instant; a paper is in force on that instant's day in the
    /// platform's zone. A certificate takes away what puts C1 at risk. An authorisation does so only from who is not eligible
    /// otherwise, since its right is limited to its category.
    pub fn admit(&mut self, profiles: &BTreeMap<SellerId, Profile>, book: &PolicyBook) {
        let day = self.as_of.date_in(book.zone);
        let nothing = Profile::default();
        for row in &mut self.rows {
            let profile = profiles.get(&row.seller_id).unwrap_or(&nothing);
            row.admit(&Papers {
                certificates: profile.certificates_in_force(day),
                authorisations: profile.authorisations_in_force(day),
            });
        }
    }
}

/// A seller's papers that are in force.
struct Papers<'a> {
    certificates: Vec<&'a Certificate>,
    authorisations: Vec<&'a Authorisation>,
}

impl Papers<'_> {
    /// What the reasons say of them, in English and Chinese.
    fn told(&self, is_eligible: bool) -> Vec<(String, String)> {
        let mut told = Vec::new();
        if !self.certificates.is_empty() {
            let en = named(&self.certificates, ", ", " and {} more", |paper| {
                let (kind, _) = kind_names(paper.kind);
                format!("{} ({kind}, {})", paper.country, until_en(paper.valid_until))
            });
            let zh = named(&self.certificates, "、", "等，另有 {} 份", |paper| {
                let (_, kind) = kind_names(paper.kind);
                format!("{}（{kind}，{}）", paper.country, until_zh(paper.valid_until))
            });
            told.push((
                format!("C2: certificate in force for {en}"),
                format!("C2：本地化履约证书有效：{zh}"),
            ));
        } else if !is_eligible {
            told.push((
                "C2: no certificate of local fulfilment in force".to_owned(),
                "C2：无有效的本地化履约证书".to_owned(),
            ));
        }
        if !self.authorisations.is_empty() {
            let en = named(&self.authorisations, ", ", " and {} more", |paper| {
                format!("{} ({})", paper.category, until_en(paper.valid_until))
            });
            let zh = named(&self.authorisations, "、", "等，另有 {} 项", |paper| {
                format!("{}（{}）", paper.category, until_zh(paper.valid_until))
            });
            told.push((
                format!("C3: authorised for {en}, and for that alone"),
                format!("C3：专项授权有效，仅限以下类目：{zh}"),
            ));
        } else if !is_eligible {
            told.push((
                "C3: no authorisation for a sensitive category in force".to_owned(),
                "C3：无有效的敏感类目专项授权".to_owned(),
            ));
        }
        told
    }
}

impl SellerMonth {
    fn admit(&mut self, papers: &Papers<'_>) {
        self.class_local = !papers.certificates.is_empty();
        self.class_sensitive = !papers.authorisations.is_empty();
        self.eligible = self.class_ka || self.class_local || self.class_sensitive;
        let is_out_of_c1 = self.standing == Standing::NotEligible;
        if self.class_local || self.class_sensitive && is_out_of_c1 {
            self.standing = Standing::Eligible;
            self.risks.clear();
            self.forecast = None;
        }
        for (en, zh) in papers.told(self.eligible) {
            self.reasons_en.push_str("; ");
            self.reasons_en.push_str(&en);
            self.reasons_zh.push('；');
            self.reasons_zh.push_str(&zh);
        }
    }
}

/// The first of them, and how many more there are.
fn named<T>(papers: &[&T], separator: &str, more: &str, told: impl Fn(&T) -> String) -> String {
    let first = papers.iter().take(NAMED_MAX).map(|paper| told(paper));
    let first = first.collect::<Vec<_>>().join(separator);
    match papers.len().saturating_sub(NAMED_MAX) {
        0 => first,
        left => first + &more.replace("{}", &left.to_string()),
    }
}

fn kind_names(kind: CertificateKind) -> (&'static str, &'static str) {
    match kind {
        CertificateKind::OverseasWarehouse => ("overseas warehouse", "海外仓"),
        CertificateKind::DistributionCentre => ("distribution centre", "本地合作分拨中心"),
    }
}

fn until_en(until: ValidUntil) -> String {
    match until {
        ValidUntil::Day(day) => format!("until {day}"),
        ValidUntil::Permanent => "without end".to_owned(),
    }
}

fn until_zh(until: ValidUntil) -> String {
    match until {
        ValidUntil::Day(day) => format!("至 {day}"),
        ValidUntil::Permanent => "长期".to_owned(),
    }
}
