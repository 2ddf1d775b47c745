//! Puts an interface together from the parts that a program's generated tests print.

use std::collections::BTreeMap;

use anchor_lang_idl_spec::{Idl, IdlConst, IdlErrorCode, IdlEvent, IdlTypeDef};
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What one event's test prints.
#[derive(Deserialize)]
struct PrintedEvent {
    event: IdlEvent,
    types: Vec<IdlTypeDef>,
}

/// Parts met so far.
#[derive(Default)]
struct Parts {
    program: Option<Idl>,
    address: Option<String>,
    events: Vec<IdlEvent>,
    errors: Vec<IdlErrorCode>,
    constants: Vec<IdlConst>,
    types: BTreeMap<String, IdlTypeDef>,
}

/// The interface in what the tests printed, every list in a fixed order.
pub(super) fn assemble(printed: &str) -> Result<Idl> {
    let mut parts = Parts::default();
    let mut lines = printed.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = marker(line, "begin") else { continue };
        let body: Vec<_> = lines
            .by_ref()
            .take_while(|line| marker(line, "end") != Some(kind))
            .collect();
        parts
            .add(kind, &body.join("\n"))
            .with_context(|| format!("reading the part `{kind}`"))?;
    }
    parts.into_idl()
}

/// `event` of `--- IDL begin event ---`.
fn marker<'a>(line: &'a str, edge: &str) -> Option<&'a str> {
    line.strip_prefix("--- IDL ")?
        .strip_prefix(edge)?
        .strip_prefix(' ')?
        .strip_suffix(" ---")
}

impl Parts {
    fn add(&mut self, kind: &str, body: &str) -> Result<()> {
        match kind {
            "address" => self.address = Some(body.trim().to_owned()),
            "program" => self.program = Some(serde_json::from_str(body)?),
            // One block for each enum of errors.
            "errors" => self.errors.extend(serde_json::from_str::<Vec<_>>(body)?),
            "const" => self.constants.push(serde_json::from_str(body)?),
            "event" => {
                let printed: PrintedEvent = serde_json::from_str(body)?;
                self.events.push(printed.event);
                self.add_types(printed.types);
            }
            other => bail!("this version of Anchor prints a part `{other}`, which is not known here"),
        }
        Ok(())
    }

    fn add_types(&mut self, types: Vec<IdlTypeDef>) {
        self.types.extend(
            types
                .into_iter()
                .map(|definition| (definition.name.clone(), definition)),
        );
    }

    fn into_idl(mut self) -> Result<Idl> {
        let mut idl = self.program.take().context("no test printed the program")?;
        self.add_types(std::mem::take(&mut idl.types));
        idl.address = self.address.context("no test printed the address")?;
        idl.events = self.events;
        idl.errors = self.errors;
        idl.constants = self.constants;
        idl.types = self.types.into_values().collect();
        idl.instructions.sort_by(|a, b| a.name.cmp(&b.name));
        idl.accounts.sort_by(|a, b| a.name.cmp(&b.name));
        idl.events.sort_by(|a, b| a.name.cmp(&b.name));
        idl.errors.sort_by_key(|error| error.code);
        idl.constants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(idl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "--- IDL begin address ---\nMarket111\n--- IDL end address ---\n";
    const PROGRAM: &str = r#"--- IDL begin program ---
{"address":"","metadata":{"name":"market","version":"0.1.0","spec":"0.1.0"},"instructions":[{"name":"b","discriminator":[2],"accounts":[],"args":[]},{"name":"a","discriminator":[1],"accounts":[],"args":[]}],"accounts":[],"types":[{"name":"Job","type":{"kind":"struct"}}]}
--- IDL end program ---
"#;
    const EVENT: &str = r#"--- IDL begin event ---
{"event":{"name":"JobOpened","discriminator":[3]},"types":[{"name":"JobOpened","type":{"kind":"struct"}}]}
--- IDL end event ---
"#;
    const ERRORS: &str = "--- IDL begin errors ---\n[{\"code\":6001,\"name\":\"B\",\"msg\":\"b\"},\
                          {\"code\":6000,\"name\":\"A\",\"msg\":\"a\"}]\n--- IDL end errors ---\n";

    #[test]
    fn the_parts_become_one_interface_in_a_fixed_order() {
        let noise = "running 4 tests\n---- errors stdout ----\n";
        let idl = assemble(&format!("{noise}{ERRORS}{EVENT}{PROGRAM}{ADDRESS}test result: ok\n")).unwrap();
        assert_eq!(idl.address, "Market111");
        assert_eq!(
            idl.instructions.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(idl.events[0].name, "JobOpened");
        assert_eq!(idl.errors.iter().map(|it| it.code).collect::<Vec<_>>(), [6000, 6001]);
        assert_eq!(
            idl.types.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["Job", "JobOpened"]
        );
    }

    #[test]
    fn the_order_in_which_tests_print_changes_nothing() {
        let one = assemble(&format!("{PROGRAM}{ADDRESS}{EVENT}{ERRORS}")).unwrap();
        let other = assemble(&format!("{ERRORS}{EVENT}{ADDRESS}{PROGRAM}")).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn a_part_nobody_knows_is_refused() {
        let error = assemble(&format!(
            "{PROGRAM}{ADDRESS}--- IDL begin extra ---\n1\n--- IDL end extra ---\n"
        ));
        assert!(format!("{:#}", error.unwrap_err()).contains("prints a part `extra`"));
    }

    #[test]
    fn an_interface_without_its_program_is_refused() {
        assert_eq!(
            assemble(ADDRESS).unwrap_err().to_string(),
            "no test printed the program"
        );
    }
}
