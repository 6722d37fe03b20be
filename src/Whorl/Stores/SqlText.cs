using System.Text.RegularExpressions;

namespace Whorl.Stores;

/// <summary>Turns a script with tokens into the SQL of one engine: the whole difference between the two stands here.</summary>
internal static partial class SqlText
{
    /// <summary>
    /// Replaces <c>{blob}</c>, <c>{int}</c>, <c>{text}</c>, <c>{key}</c>, <c>{strict}</c>, and <c>{sqlite:…}</c> or <c>{postgres:…}</c>
    /// whose content is for that engine alone.
    /// </summary>
    public static string For(Dialect dialect, string script) => Token().Replace(script, match => match.Groups["name"].Value switch
    {
        "blob" => dialect == Dialect.Sqlite ? "BLOB" : "BYTEA",
        "int" => dialect == Dialect.Sqlite ? "INTEGER" : "BIGINT",
        "text" => "TEXT",

        // AUTOINCREMENT: a number is never given twice, as an identity never does; readers that follow by number rely on it.
        "key" => dialect == Dialect.Sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "strict" => dialect == Dialect.Sqlite ? "STRICT" : "",
        "sqlite" => dialect == Dialect.Sqlite ? match.Groups["text"].Value : "",
        "postgres" => dialect == Dialect.Postgres ? match.Groups["text"].Value : "",
        _ => throw new InvalidOperationException($"Unknown token {match.Value} in a script."),
    });

    [GeneratedRegex("""\{(?<name>[a-z]+)(?::(?<text>[^{}]*))?\}""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
