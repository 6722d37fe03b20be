using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>
/// Which of several analysts links sites: the one whose session holds a lock of PostgreSQL. Where the session ends, for whatever reason, another takes it. An analyst
/// that shares no database, or no messages, with others has nobody to yield to.
/// </summary>
internal sealed class LinkerSeat(IDatabase database, IOptions<BusOptions> bus) : IAsyncDisposable
{
    // Any number that no other program on this server is likely to take: "whorl" in ASCII, and one for campaigns.
    private const long Seat = 0x77686F726C02;

    private DbConnection? _session;

    public bool IsHeld { get; private set; }

    /// <summary>Whether this analyst has the seat, or could take it just now.</summary>
    public async Task<bool> HoldAsync(CancellationToken cancel)
    {
        if (database.Dialect != Dialect.Postgres || bus.Value.Provider != BusProvider.RabbitMq)
        {
            return IsHeld = true;
        }

        if (_session is not null && await AnswersAsync(_session, cancel))
        {
            return true;
        }

        await LeaveAsync();
        DbConnection session = await database.OpenAsync(cancel);
        try
        {
            if (await session.ExecuteScalarAsync<bool>(new CommandDefinition("SELECT pg_try_advisory_lock(@Seat)", new { Seat }, cancellationToken: cancel)))
            {
                (_session, IsHeld) = (session, true);
            }
        }
        finally
        {
            if (!IsHeld)
            {
                await session.DisposeAsync();
            }
        }

        return IsHeld;
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            try
            {
                // The session goes back to a pool, which ends it much later.
                await session.ExecuteAsync("SELECT pg_advisory_unlock(@Seat)", new { Seat });
            }
            catch (DbException)
            {
                // The server has ended the session, and the lock with it.
            }

            await LeaveAsync();
        }
    }

    private static async Task<bool> AnswersAsync(DbConnection session, CancellationToken cancel)
    {
        try
        {
            await session.ExecuteScalarAsync<int>(new CommandDefinition("SELECT 1", cancellationToken: cancel));
            return true;
        }
        catch (DbException)
        {
            return false;
        }
    }

    private async Task LeaveAsync()
    {
        IsHeld = false;
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }
}
