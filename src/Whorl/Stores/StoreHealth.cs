using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores;

/// <summary>Ready while the database answers.</summary>
internal sealed class StoreHealth(IDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using DbConnection connection = await database.OpenAsync(cancellationToken);
            await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT 1", commandTimeout: 5, cancellationToken: cancellationToken));
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (fault is DbException or StoreException or IOException or UnauthorizedAccessException)
        {
            return HealthCheckResult.Unhealthy("The database does not answer: " + fault.Message);
        }
    }
}

/// <summary>What <c>whorl doctor</c> says about the system of record.</summary>
internal sealed class StoreDoctor(IDatabase database, IOptions<StoreOptions> options) : IDoctorCheck
{
    public async Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        bool sqlite = options.Value.Provider == StoreProvider.Sqlite;
        string name = sqlite ? "store: SQLite" : "store: PostgreSQL";
        if (sqlite && SqliteDatabase.LibraryVersion is null)
        {
            return new(name, false, "libsqlite3 is not on this machine: nothing can be stored", "apt install libsqlite3-0, or set Store:Provider to postgres");
        }

        try
        {
            await using DbConnection connection = await database.OpenAsync(cancel);
            string where = database is SqliteDatabase file ? file.FilePath : $"{connection.DataSource}/{connection.Database}";
            return new(name, true, $"version {connection.ServerVersion}, {where}", null);
        }
        catch (StoreException fault)
        {
            return new(name, false, fault.Message, fault.Hint);
        }
        catch (Exception fault) when (fault is DbException or IOException or UnauthorizedAccessException)
        {
            return new(name, false, fault.Message, sqlite
                ? "Check Store:Path and who owns the folder"
                : "Check that the server runs and what Store:ConnectionString or Store:ConnectionStringFile says");
        }
    }
}
