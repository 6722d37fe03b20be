using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores;

/// <summary>Which engine is the system of record.</summary>
internal enum StoreProvider
{
    Sqlite,
    Postgres,
}

/// <summary>The system of record.</summary>
internal sealed class StoreOptions : IModuleOptions, IValidatableObject
{
    public static string Section => "Store";

    /// <summary><c>sqlite</c>: a file of this node. <c>postgres</c>: a server that several nodes share.</summary>
    public StoreProvider Provider { get; set; }

    /// <summary>Database file for SQLite. Empty: <c>whorl.db</c> in the folder Node:Data.</summary>
    public string Path { get; set; } = "";

    /// <summary>Connection string for PostgreSQL, as Npgsql takes it. Holds a secret: prefer ConnectionStringFile.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>File whose content is the connection string for PostgreSQL.</summary>
    public string ConnectionStringFile { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        bool text = ConnectionString.Length > 0;
        bool file = ConnectionStringFile.Length > 0;
        if (Provider == StoreProvider.Postgres && text == file)
        {
            yield return new ValidationResult(
                "Store:Provider postgres needs either Store:ConnectionString or Store:ConnectionStringFile.", [nameof(ConnectionString)]);
        }

        if (file && !File.Exists(ConnectionStringFile))
        {
            yield return new ValidationResult($"Store:ConnectionStringFile: no file {ConnectionStringFile}.", [nameof(ConnectionStringFile)]);
        }
    }

    /// <summary>The connection string, from wherever it was given.</summary>
    public string ReadConnectionString() =>
        ConnectionStringFile.Length > 0 ? File.ReadAllText(ConnectionStringFile).Trim() : ConnectionString;

    public string FileFor(NodeOptions node) => Path.Length > 0 ? Path : System.IO.Path.Combine(node.Data, "whorl.db");
}

[OptionsValidator]
internal sealed partial class StoreOptionsValidator : IValidateOptions<StoreOptions>;
