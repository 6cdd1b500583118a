//! A report whose date has come while the lake still lacks something: it is no final one, and says why.

use serde::{Deserialize, Serialize};

use crate::MonthReport;

/// What the lake lacks, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl MonthReport {
    /// Makes the report one that is not final, because of what the lake lacks.
    pub fn hold_back(&mut self, lacking: Lacking) {
        for row in &mut self.rows {
            row.is_final = false;
            row.reasons_en.push_str(&format!("; {}", lacking.en));
            row.reasons_zh.push_str(&format!("；{}", lacking.zh));
        }
        self.lacking = Some(lacking);
    }

    /// Whether its date has come and the lake lacked nothing.
    pub fn is_final(&self) -> bool {
        self.as_of >= self.final_from && self.lacking.is_none()
    }
}
