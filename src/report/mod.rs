//! What a record says, as text and JSON for people and programs.

pub mod diagnosis;
pub mod glossary;
pub mod live;
pub mod remedy;
pub mod summary;
pub mod sweep;
