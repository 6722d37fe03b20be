using System.Data.Common;

namespace Whorl.Stores;

/// <summary>Which SQL an engine speaks, where the two differ.</summary>
internal enum Dialect
{
    Sqlite,
    Postgres,
}

/// <summary>
/// The system of record. Both engines keep ids as 16 bytes in network order, times as Unix microseconds (UTC) in a 64-bit number and
/// enums as their numbers, so that one SQL text with Dapper parameters serves both.
/// </summary>
internal interface IDatabase
{
    Dialect Dialect { get; }

    /// <summary>An open connection from the pool; every migration was applied before the first one is given out.</summary>
    ValueTask<DbConnection> OpenAsync(CancellationToken cancel);
}

/// <summary>
/// The tables of one module, as numbered scripts that only go forward. A script is one SQL text for both engines with the tokens
/// <c>{blob}</c>, <c>{int}</c>, <c>{text}</c>, <c>{key}</c> (a primary key that the engine counts up), <c>{strict}</c> (after the closing
/// parenthesis), and <c>{sqlite:…}</c> or <c>{postgres:…}</c> for one engine alone; registered as a singleton.
/// </summary>
internal sealed record MigrationSet(string Module, IReadOnlyList<string> Scripts);
