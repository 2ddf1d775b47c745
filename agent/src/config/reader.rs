//! Reads keys of a TOML table one by one and collects every mistake instead of stopping at the first.

use std::{cell::RefCell, collections::BTreeSet, fmt::Display, rc::Rc, str::FromStr};
use toml::{Table, Value};

use super::ENVIRONMENT_PREFIX;

/// Puts `GANTRY_AGENT_KEY` and `GANTRY_AGENT_SECTION__KEY` over the table's own values. Values stay text; the readers accept text
/// wherever they accept a number.
pub(super) fn override_from(table: &mut Table, environment: impl Iterator<Item = (String, String)>) {
    for (name, value) in environment {
        let Some(key) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
            continue;
        };
        let value = Value::String(value);
        match key.split_once("__") {
            None => {
                table.insert(key.to_lowercase(), value);
            }
            Some((section, key)) => {
                let section = section.to_lowercase();
                // Mints are case-sensitive; every other key is written in lower case.
                let key = if section == "prices" {
                    key.to_owned()
                } else {
                    key.to_lowercase()
                };
                let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(inner) = inner {
                    inner.insert(key, value);
                }
            }
        }
    }
}

/// One table, and the list of mistakes that all readers of a file share.
pub(super) struct Reader<'a> {
    table: &'a Table,
    path: String,
    mistakes: Rc<RefCell<Vec<String>>>,
    known: BTreeSet<&'static str>,
}

impl<'a> Reader<'a> {
    /// Reads the whole file.
    pub(super) fn new(table: &'a Table) -> Self {
        Self {
            table,
            path: String::new(),
            mistakes: Rc::default(),
            known: BTreeSet::new(),
        }
    }

    /// Notes a mistake about a key.
    pub(super) fn mistake(&self, key: &str, says: impl Display) {
        self.mistakes.borrow_mut().push(format!("{}{key}: {says}", self.path));
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.insert(key);
        self.table.get(key)
    }

    /// A section; an empty one when the file has none. The second value says whether it was there.
    pub(super) fn section(&mut self, key: &'static str, empty: &'a Table) -> (Self, bool) {
        let (table, there) = match self.value(key) {
            None => (empty, false),
            Some(Value::Table(table)) => (table, true),
            Some(_) => {
                self.mistake(key, "must be a section of keys and values");
                (empty, true)
            }
        };
        let section = Self {
            table,
            path: format!("{}{key}.", self.path),
            mistakes: Rc::clone(&self.mistakes),
            known: BTreeSet::new(),
        };
        (section, there)
    }

    /// Every key and value, for sections whose keys are not known beforehand.
    pub(super) fn entries(&mut self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.known.clear();
        self.table.iter()
    }

    /// Text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        match self.value(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.mistake(key, "must be text in quotes");
                None
            }
        }
    }

    /// Text that must be there.
    pub(super) fn required(&mut self, key: &'static str, meaning: &str) -> Option<&'a str> {
        if !self.table.contains_key(key) {
            self.known.insert(key);
            self.mistake(key, format!("is missing; it is {meaning}"));
            return None;
        }
        self.text(key)
    }

    /// A whole number inside a range.
    pub(super) fn number<T>(&mut self, key: &'static str, least: T, most: T) -> Option<T>
    where
        T: TryFrom<i64> + FromStr + PartialOrd + Display,
    {
        let value = self.value(key)?;
        let number = whole(value).filter(|number| (&least..=&most).contains(&number));
        if number.is_none() {
            self.mistake(
                key,
                format!("must be a whole number from {least} to {most}, not {value}"),
            );
        }
        number
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = match value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if flag.is_none() {
            self.mistake(key, format!("must be true or false, not {value}"));
        }
        flag
    }

    /// Notes every key that nothing asked for.
    pub(super) fn refuse_unknown(&self) {
        for key in self.table.keys().filter(|key| !self.known.contains(key.as_str())) {
            self.mistake(key, "is not a key that the agent knows; look for a typing mistake");
        }
    }

    /// All mistakes so far, of every section.
    pub(super) fn mistakes(&self) -> Vec<String> {
        self.mistakes.borrow().clone()
    }
}

/// A whole number, also when it is written as text.
pub(super) fn whole<T: TryFrom<i64> + FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::Integer(number) => T::try_from(*number).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
