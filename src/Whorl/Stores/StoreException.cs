using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Whorl.Stores;

/// <summary>The database cannot be used as it is, and a person has to do something about it.</summary>
internal sealed class StoreException(string message, string hint) : Exception(message)
{
    public string Hint { get; } = hint;
}

internal static class StoreFault
{
    /// <summary>
    /// True where the same work may succeed later without anyone changing it: the server is away or starting, the file is locked, the disk is full.
    /// Such work is kept and tried again; any other failure is the work's own fault.
    /// </summary>
    public static bool IsTransient(Exception fault) => fault switch
    {
        // 57P01 to 57P03: the server is shutting down, crashed, or not up yet. 25006: a standby that will be promoted. 55006: object in use.
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "25006" or "55006" } => true,
        SqliteException { SqliteErrorCode: 5 or 6 or 10 or 13 or 14 } => true, // BUSY, LOCKED, IOERR, FULL, CANTOPEN
        DbException { IsTransient: true } => true,
        NpgsqlException { InnerException: IOException or SocketException or TimeoutException } => true,
        TimeoutException or IOException or SocketException => true,
        _ => false,
    };
}
