using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Whorl.Kernel;

namespace Whorl.Stores;

/// <summary>
/// How values stand in columns of both engines: ids as 16 bytes in network order (they sort as they were made), times as Unix
/// microseconds, flags as 0 and 1. Dapper knows these from the moment this assembly is loaded.
/// </summary>
internal static class ColumnTypes
{
    public static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    public static Guid Id(byte[] bytes) => new(bytes, bigEndian: true);

    public static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    // A module initializer, because Dapper's maps are static: whoever opens the first connection, and every test, finds them set.
#pragma warning disable CA2255 // The executable is its own only user; there is no library consumer to surprise.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
    {
        // Dapper asks its own map before it asks handlers.
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.RemoveTypeMap(typeof(bool));
        SqlMapper.RemoveTypeMap(typeof(bool?));
        SqlMapper.AddTypeHandler(new ObservationIdColumn());
        SqlMapper.AddTypeHandler(new DecisionIdColumn());
        SqlMapper.AddTypeHandler(new TimeColumn());
        SqlMapper.AddTypeHandler(new FlagColumn());
    }

    private sealed class ObservationIdColumn : SqlMapper.TypeHandler<ObservationId>
    {
        public override void SetValue(IDbDataParameter parameter, ObservationId value) => (parameter.DbType, parameter.Value) = (DbType.Binary, Bytes(value.Value));

        public override ObservationId Parse(object value) => new(Id((byte[])value));
    }

    private sealed class DecisionIdColumn : SqlMapper.TypeHandler<DecisionId>
    {
        public override void SetValue(IDbDataParameter parameter, DecisionId value) => (parameter.DbType, parameter.Value) = (DbType.Binary, Bytes(value.Value));

        public override DecisionId Parse(object value) => new(Id((byte[])value));
    }

    private sealed class TimeColumn : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => (parameter.DbType, parameter.Value) = (DbType.Int64, Microseconds(value));

        public override DateTimeOffset Parse(object value) => Time((long)value);
    }

    private sealed class FlagColumn : SqlMapper.TypeHandler<bool>
    {
        public override void SetValue(IDbDataParameter parameter, bool value) => (parameter.DbType, parameter.Value) = (DbType.Int64, value ? 1L : 0L);

        // A comparison in a SELECT is a boolean on PostgreSQL.
        public override bool Parse(object value) => value is bool flag ? flag : (long)value != 0;
    }
}
