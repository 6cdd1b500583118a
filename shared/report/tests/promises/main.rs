//! What the report promises, tested through its front door: lake files in, figures, verdicts and bytes out.

mod bytes;
mod changes;
mod classes;
mod eligibility;
mod failed;
mod figures;
mod files;
mod forecast;
mod lake;
mod made;
mod page;
mod parts;
mod rescue;
mod workbook;
