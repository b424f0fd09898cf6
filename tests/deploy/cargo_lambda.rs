//! `cargo lambda`, with single functions.

use tests::ministack::{Ministack, REGION};

use crate::parts::{APPLIED, column, database, migrations, run};

#[tokio::test]
async fn cargo_lambda_deploys_a_single_function_and_invokes_it() {
    let cloud = Ministack::start().await;
    let mysql = database(cloud.place()).await;
    let environment = cloud.place().join("migrate.env");
    std::fs::write(&environment, format!("DATABASE_URL={}\n", mysql.url)).expect("a file");

    let cargo_lambda = |arguments: &[&str]| {
        let mut command = cloud.tool("cargo");
        command.arg("lambda").args(arguments);
        command
    };
    run(cargo_lambda(&["build", "--locked", "--bin", "migrate"]), "cargo lambda build").await;
    let endpoint = cloud.endpoint();
    let there = ["--endpoint-url", &endpoint, "--region", REGION];
    let file = environment.to_str().expect("a path");
    let deploy = [&["deploy"], &there[..], &["--env-file", file, "--timeout", "300", "migrate"]].concat();
    run(cargo_lambda(&deploy), "cargo lambda deploy").await;
    let invoke = [&["invoke", "--remote"], &there[..], &["--data-ascii", "{}", "migrate"]].concat();
    run(cargo_lambda(&invoke), "cargo lambda invoke").await;

    assert_eq!(column(&mysql.url, APPLIED).await.len(), migrations());
    mysql.stop().await;
}
