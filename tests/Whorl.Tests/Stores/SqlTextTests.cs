using Whorl.Stores;

namespace Whorl.Tests.Stores;

public sealed class SqlTextTests
{
    private const string Script = "CREATE TABLE t (a {key}, b {blob}, c {int}, d {text}) {strict}{postgres: PARTITION BY RANGE (b)}{sqlite:, WITHOUT ROWID}";

    [Fact]
    public void Tokens_become_the_words_of_sqlite() =>
        SqlText.For(Dialect.Sqlite, Script).ShouldBe("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b BLOB, c INTEGER, d TEXT) STRICT, WITHOUT ROWID");

    [Fact]
    public void Tokens_become_the_words_of_postgresql() =>
        SqlText.For(Dialect.Postgres, Script).ShouldBe("CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b BYTEA, c BIGINT, d TEXT)  PARTITION BY RANGE (b)");

    [Fact]
    public void A_token_nobody_knows_is_a_fault_and_not_sql() =>
        Should.Throw<InvalidOperationException>(() => SqlText.For(Dialect.Sqlite, "CREATE TABLE t (a {uuid})"));
}
