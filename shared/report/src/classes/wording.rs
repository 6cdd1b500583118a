//! What the reasons say of a seller's papers, in English and Chinese.

use domain::seller::{CertificateKind, EntityType, ValidUntil};

use super::{Papers, Refusal};

/// Papers of one class that a row's reasons name; the rest are counted.
const NAMED_MAX: usize = 5;

/// A text in English and Chinese.
type Both = (String, String);

impl Papers<'_> {
    /// What comes before all other reasons (C4), and what comes after them (C2, C3).
    pub(super) fn reasons(&self, is_eligible: bool) -> (Option<Both>, Vec<Both>) {
        let classes = [
            self.of_certificates(is_eligible),
            self.of_authorisations(is_eligible),
        ];
        let refusal = self.refusal.map(|refusal| refusal.reason(&self.cited));
        (refusal, classes.into_iter().flatten().collect())
    }

    fn of_certificates(&self, is_eligible: bool) -> Option<Both> {
        let on = &self.on;
        if self.certificates.is_empty() {
            return (!is_eligible).then(|| {
                (
                    format!("C2: no certificate of local fulfilment in force on {on}"),
                    format!("C2：{on} 无有效的本地化履约证书"),
                )
            });
        }
        let en = named(&self.certificates, ", ", " and {} more", |paper| {
            let (kind, _) = kind_names(paper.kind);
            let until = self.until_en(paper.valid_until);
            format!("{} ({kind}, {until})", paper.country)
        });
        let zh = named(&self.certificates, "、", "等，另有 {} 份", |paper| {
            let (_, kind) = kind_names(paper.kind);
            let until = self.until_zh(paper.valid_until);
            format!("{}（{kind}，{until}）", paper.country)
        });
        Some((
            format!("C2: certificate in force on {on} for {en}"),
            format!("C2：{on} 本地化履约证书有效：{zh}"),
        ))
    }

    fn of_authorisations(&self, is_eligible: bool) -> Option<Both> {
        let on = &self.on;
        if self.authorisations.is_empty() {
            return (!is_eligible).then(|| {
                (
                    format!("C3: no authorisation for a sensitive category in force on {on}"),
                    format!("C3：{on} 无有效的敏感类目专项授权"),
                )
            });
        }
        let en = named(&self.authorisations, ", ", " and {} more", |paper| {
            format!("{} ({})", paper.category, self.until_en(paper.valid_until))
        });
        let zh = named(&self.authorisations, "、", "等，另有 {} 项", |paper| {
            format!("{}（{}）", paper.category, self.until_zh(paper.valid_until))
        });
        Some((
            format!("C3: authorised on {on} for {en}, and for that alone"),
            format!("C3：{on} 专项授权有效，仅限以下类目：{zh}"),
        ))
    }

    fn until_en(&self, until: ValidUntil) -> String {
        match until {
            ValidUntil::Day(day) if (self.has_ended)(until) => format!("until {day}, ended since"),
            ValidUntil::Day(day) => format!("until {day}"),
            ValidUntil::Permanent => "without end".to_owned(),
        }
    }

    fn until_zh(&self, until: ValidUntil) -> String {
        match until {
            ValidUntil::Day(day) if (self.has_ended)(until) => format!("至 {day}，此后已到期"),
            ValidUntil::Day(day) => format!("至 {day}"),
            ValidUntil::Permanent => "长期".to_owned(),
        }
    }
}

impl Refusal {
    fn reason(self, (cited_en, cited_zh): &Both) -> Both {
        let (en, zh) = match self {
            Self::Entity(entity) => {
                let (en, zh) = entity_names(entity);
                (
                    format!("the owner is {en}, which is not admitted, whatever class holds"),
                    format!("主体为{zh}，暂不开放申请，无论满足何种准入类别"),
                )
            }
            Self::NotNotarised(entity) => {
                let (en, zh) = entity_names(entity);
                (
                    format!("the owner is {en}: notarised papers are required, and none are recorded"),
                    format!("主体为{zh}：须提供公证认证文件，尚无记录"),
                )
            }
        };
        (
            format!("C4 ({cited_en}): {en}"),
            format!("C4（{cited_zh}）：{zh}"),
        )
    }
}

/// The first of them, and how many more there are.
fn named<T>(papers: &[&T], separator: &str, more: &str, name: impl Fn(&T) -> String) -> String {
    let first = papers.iter().take(NAMED_MAX).map(|paper| name(paper));
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

fn entity_names(entity: EntityType) -> (&'static str, &'static str) {
    match entity {
        EntityType::Company => ("a company of the Chinese mainland", "中国大陆公司"),
        EntityType::SoleProprietor => ("a sole proprietor", "个体工商户"),
        EntityType::HongKong => ("a company registered in Hong Kong", "香港注册公司"),
        EntityType::Macau => ("a company registered in Macau", "澳门注册公司"),
        EntityType::Taiwan => ("a company registered in Taiwan", "台湾注册公司"),
        EntityType::Overseas => ("a company registered overseas", "海外注册公司"),
    }
}
