//! What people get wrong on the command line, and what they are told.
//!
//! Nothing here needs a network: an endpoint is away, or answers from a script.

mod chain;
mod gantry;

use gantry_sdk::{Keypair, Pubkey, Signer};

use crate::{
    chain::{MINT, NODE, ScriptedChain},
    gantry::Gantry,
};

const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const AWAY: i32 = 6;

#[test]
fn help_names_every_command_and_every_exit_code() {
    let help = Gantry::new().run(&["--help"]).succeeded();
    for command in [
        "balance",
        "fees",
        "stake",
        "delegation",
        "provider",
        "node",
        "device",
        "market",
        "run",
        "resume",
        "logs",
        "stop",
        "ps",
        "bill",
        "verify",
    ] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(&format!("{command} "))),
            "{command} in {help}"
        );
    }
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "124", "130"] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(&format!("{code}  "))),
            "{code} in {help}"
        );
    }
}

#[test]
fn the_conversion_of_a_price_limit_is_explained_where_it_is_given() {
    for command in ["run", "market"] {
        let arguments: &[&str] = if command == "run" {
            &["run", "--help"]
        } else {
            &["market", "ls", "--help"]
        };
        let help = Gantry::new().run(arguments).succeeded();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("micro-atoms per second and rounded down"), "{help}");
    }
}

#[test]
fn no_command_at_all_shows_the_help() {
    Gantry::new().run(&[]).refused(USAGE, &["Usage: gantry", "Exit codes:"]);
}

#[test]
fn an_unknown_command_or_option_is_refused_by_name() {
    Gantry::new().run(&["rent"]).refused(USAGE, &["rent"]);
    Gantry::new().run(&["ps", "--colour"]).refused(USAGE, &["--colour"]);
}

#[test]
fn what_is_no_address_is_refused() {
    Gantry::new()
        .run(&["node", "show", "somewhere"])
        .refused(USAGE, &["somewhere"]);
    Gantry::new()
        .run(&["balance", "deposit", "--mint", "USDC", "1"])
        .refused(USAGE, &["USDC"]);
}

#[test]
fn what_is_no_web_address_is_refused() {
    Gantry::new()
        .run(&["--rpc-url", "localhost:8899", "ps"])
        .refused(USAGE, &["--rpc-url", "http://"]);
    Gantry::new()
        .run(&["--api-url", "nonsense", "market", "ls"])
        .refused(USAGE, &["--api-url", "http://"]);
}

#[test]
fn a_chain_that_is_away_is_named_with_what_to_do() {
    let gantry = Gantry::new().with_wallet(&Keypair::new());
    let address = Pubkey::new_from_array([7; 32]).to_string();
    for arguments in [
        &["ps"][..],
        &["balance", "ls"],
        &["stake", "show"],
        &["delegation", "show", &address],
        &["provider", "show"],
        &["node", "show", &address],
        &["bill", &address],
        &["verify", &address],
    ] {
        gantry.run(arguments).refused(AWAY, &[gantry.rpc_url(), "--rpc-url"]);
    }
}

#[test]
fn with_json_an_error_is_an_object_on_standard_output_too() {
    let gantry = Gantry::new().with_wallet(&Keypair::new());
    let error = gantry.run(&["--json", "ps"]).json();
    assert_eq!(error["error"]["kind"], "away", "{error}");
    let error = gantry.run(&["ps", "--json", "--colour"]).json();
    assert_eq!(error["error"]["kind"], "usage", "{error}");
}

#[test]
fn a_missing_keypair_says_where_it_was_looked_for_and_what_to_do() {
    let gantry = Gantry::new();
    gantry
        .run(&["ps"])
        .refused(USAGE, &[".config/solana/id.json", "--keypair", "solana-keygen new"]);
    gantry
        .run(&["--keypair", "/nowhere/key.json", "ps"])
        .refused(USAGE, &["/nowhere/key.json"]);
}

#[test]
fn a_malformed_keypair_is_refused_and_its_content_is_not_shown() {
    let mismatched = [
        Keypair::new().secret_bytes().to_vec(),
        Keypair::new().pubkey().to_bytes().to_vec(),
    ]
    .concat();
    let mismatched = serde_json::to_string(&mismatched).expect("numbers");
    for content in [
        "",
        "correct horse battery staple",
        "[1,2,3]",
        "{\"secret\":[4,5,6]}",
        "[256]",
        &mismatched,
    ] {
        let gantry = Gantry::new().with_wallet_file(content);
        let shown = gantry.run(&["ps"]).refused(USAGE, &["is not a wallet", "64 numbers"]);
        assert!(
            content.is_empty() || !shown.contains(content),
            "the file's content stands in: {shown}"
        );
    }
}

#[test]
fn what_is_no_amount_is_refused_before_anything_is_asked() {
    let mint = MINT.to_string();
    for (amount, expected) in [
        ("-1", "negative"),
        ("-0.5", "negative"),
        ("1e3", "not an amount"),
        ("1,5", "not an amount"),
        ("NaN", "not an amount"),
        ("", "not an amount"),
        ("1.2.3", "not an amount"),
    ] {
        for command in ["deposit", "withdraw"] {
            Gantry::new()
                .run(&["balance", command, "--mint", &mint, amount])
                .refused(USAGE, &[expected]);
        }
        Gantry::new()
            .run(&["stake", "deposit", amount])
            .refused(USAGE, &[expected]);
        for command in ["deposit", "unbond"] {
            Gantry::new()
                .run(&["delegation", command, &mint, amount])
                .refused(USAGE, &[expected]);
        }
        Gantry::new()
            .run(&["stake", "commission", amount])
            .refused(USAGE, &[expected]);
        Gantry::new()
            .run(&["node", "price", &mint, "--mint", &mint, amount])
            .refused(USAGE, &[expected]);
    }
}

#[test]
fn a_commission_above_half_or_finer_than_a_basis_point_is_refused() {
    for (commission, expected) in [
        ("50.01", "at most 50 percent"),
        ("99999999999999999999", "too large"),
        ("1.001", "more than 2 digits behind the point"),
    ] {
        Gantry::new()
            .run(&["stake", "commission", commission])
            .refused(USAGE, &[expected]);
    }
}

#[test]
fn an_amount_that_the_mint_cannot_hold_is_refused() {
    let chain = ScriptedChain::with_a_mint();
    let gantry = Gantry::new().with_wallet(&Keypair::new()).on(&chain);
    let deposit = |amount| gantry.run(&["balance", "deposit", "--mint", &MINT.to_string(), amount]);
    deposit("0.0000001").refused(USAGE, &["more than 6 digits behind the point"]);
    deposit("18446744073709.551616").refused(USAGE, &["too large"]);
    deposit("99999999999999999999999999999999999999999").refused(USAGE, &["too large"]);
    deposit("0.000").refused(USAGE, &["zero"]);
}

#[test]
fn a_deposit_of_more_than_the_wallet_holds_says_how_much_there_is() {
    let chain = ScriptedChain::with_a_mint();
    let wallet = Keypair::new();
    let gantry = Gantry::new().with_wallet(&wallet).on(&chain);
    gantry
        .run(&["balance", "deposit", "--mint", &MINT.to_string(), "12.5"])
        .refused(REFUSED, &[&wallet.pubkey().to_string(), "holds 0.00", "12.50"]);
    gantry
        .run(&["balance", "withdraw", "--mint", &MINT.to_string(), "12.5"])
        .refused(REFUSED, &["is 0.00", "12.50"]);
}

#[test]
fn an_unknown_mint_is_refused_with_the_mints_that_there_are() {
    let chain = ScriptedChain::with_a_mint();
    let gantry = Gantry::new().with_wallet(&Keypair::new()).on(&chain);
    let stranger = Pubkey::new_from_array([9; 32]).to_string();
    gantry
        .run(&["balance", "deposit", "--mint", &stranger, "1"])
        .refused(REFUSED, &[&stranger, "not registered", &MINT.to_string()]);
}

#[test]
fn a_price_outside_the_classs_range_is_refused_with_the_range() {
    let chain = ScriptedChain::with_a_mint();
    let gantry = Gantry::new().with_wallet(&Keypair::new()).on(&chain);
    let mint = MINT.to_string();
    let node = NODE.to_string();
    let price = |price| gantry.run(&["node", "price", &node, "--mint", &mint, price]);
    price("3600.1").refused(REFUSED, &["3600.10", "above the ceiling of 3600.00", "h100-sxm"]);
    price("0.000000000001").refused(REFUSED, &["below the floor", "h100-sxm"]);
}

#[test]
fn what_is_no_uuid_of_a_gpu_is_refused_with_an_example() {
    let node = NODE.to_string();
    for uuid in ["GPU-1234", "MIG-5c1b2a3d-0011-2233-4455-66778899aabb", "0"] {
        Gantry::new()
            .run(&["device", "register", "--node", &node, "--uuid", uuid])
            .refused(USAGE, &["nvidia-smi -L", "GPU-5c1b2a3d-0011-2233-4455-66778899aabb"]);
    }
    Gantry::new()
        .run(&["device", "register", "--node", &node])
        .refused(USAGE, &["--uuid", "--simulated"]);
    let both = ["--uuid", "GPU-5c1b2a3d-0011-2233-4455-66778899aabb", "--simulated", "0"];
    Gantry::new()
        .run(&[&["device", "register", "--node", &node], &both[..]].concat())
        .refused(USAGE, &["cannot be used with"]);
}

#[test]
fn what_is_not_on_the_chain_is_said_to_be_missing() {
    let chain = ScriptedChain::with_a_mint();
    let gantry = Gantry::new().with_wallet(&Keypair::new()).on(&chain);
    let address = Pubkey::new_from_array([7; 32]).to_string();
    gantry
        .run(&["node", "show", &address])
        .refused(REFUSED, &["no node at", &address]);
    gantry
        .run(&["bill", &address])
        .refused(REFUSED, &["no job at", &address, "gantry ps"]);
    gantry
        .run(&["verify", &address])
        .refused(REFUSED, &["no job at", &address]);
    gantry
        .run(&["provider", "show"])
        .refused(REFUSED, &["gantry provider register"]);
    gantry.run(&["stake", "show"]).refused(REFUSED, &["no staking pool"]);
    gantry
        .run(&["delegation", "show", &address])
        .refused(REFUSED, &["no staking pool"]);
}

#[test]
fn a_duration_of_zero_or_without_sense_is_refused() {
    let run = |duration| {
        let mint = MINT.to_string();
        Gantry::new().run(&["run", "--mint", &mint, "--max-duration", duration, "--", "true"])
    };
    run("0s").refused(USAGE, &["zero"]);
    run("0").refused(USAGE, &["zero"]);
    run("soon").refused(USAGE, &["soon", "1h30m"]);
    run("-5s").refused(USAGE, &["-5"]);
    run("366d").refused(USAGE, &["a year"]);
}

#[test]
fn results_that_would_have_no_place_are_noticed_before_anything_is_asked() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "taken").expect("a file");
    let file = file.to_str().expect("a path");
    Gantry::new()
        .run(&["run", "--out", file, "--", "true"])
        .refused(USAGE, &["--out", file]);
}

#[test]
fn a_price_limit_needs_a_mint_to_be_counted_in() {
    Gantry::new()
        .run(&["market", "ls", "--max-price", "2.50"])
        .refused(USAGE, &["--mint"]);
}

#[test]
fn an_endpoint_that_tenants_cannot_pin_is_refused() {
    let key = MINT.to_string();
    let hash = "ab".repeat(32);
    let register = |endpoint, hash| {
        let gantry = Gantry::new().with_wallet(&Keypair::new());
        gantry.run(&[
            "provider",
            "register",
            "--endpoint",
            endpoint,
            "--attestation-key",
            &key,
            "--tls-key-hash",
            hash,
        ])
    };
    register("http://gpu.example.org", &hash).refused(USAGE, &["https://"]);
    register("https://gpu.example.org", "abcd").refused(USAGE, &["64 hexadecimal digits"]);
}

#[test]
fn an_update_that_changes_nothing_is_refused() {
    Gantry::new()
        .run(&["provider", "update"])
        .refused(USAGE, &["--endpoint"]);
    Gantry::new()
        .run(&["node", "update", &MINT.to_string()])
        .refused(USAGE, &["--active"]);
}

#[test]
fn a_name_in_another_alphabet_is_refused() {
    Gantry::new()
        .run(&["market", "ls", "--class", "H100 SXM"])
        .refused(USAGE, &["a-z, 0-9"]);
}

#[test]
fn an_indexer_that_is_away_is_named_with_what_to_do() {
    let chain = ScriptedChain::with_a_mint();
    let gantry = Gantry::new().on(&chain);
    gantry
        .run(&["market", "ls"])
        .refused(AWAY, &[gantry.api_url(), "--api-url"]);
}

#[test]
fn a_job_that_was_not_opened_here_is_not_guessed() {
    Gantry::new()
        .run(&["bill", "last"])
        .refused(USAGE, &["no job was opened from here"]);
    Gantry::new().run(&["verify", "zzz"]).refused(USAGE, &["zzz"]);
}
