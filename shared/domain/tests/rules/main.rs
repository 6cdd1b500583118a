//! The rulebook's promises, clause by clause and as laws over random seasons, through the crate's front door: facts
//! go in by `Order::rule_*`, verdicts come out of `assess`, `deadlines`, `figures`, `reconcile` and `audit`.

mod appeals;
mod audit;
mod claims;
mod deadlines;
mod desk;
mod diagnosis;
mod figures;
mod laws_of_facts;
mod laws_of_nights;
mod ledger;
mod papers;
mod pickup_and_nodes;
mod rates;
mod season;
mod sign_off;
mod silence;
mod telling;
mod two_times;
mod upload_fines;
mod uploads;
mod what_if;
mod whose_word;
mod withdrawals;
