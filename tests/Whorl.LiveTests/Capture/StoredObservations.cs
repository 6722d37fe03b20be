using System.Data.Common;
using System.Text.Json;
using Whorl.Stores;

namespace Whorl.LiveTests.Capture;

/// <summary>Reads what a node has stored in its SQLite file, past the node: what is there is committed.</summary>
internal static class StoredObservations
{
    /// <summary>Every stored observation of the kinds that capture makes, oldest block first.</summary>
    public static async Task<IReadOnlyList<Stored>> ReadAsync(string data)
    {
        List<Stored> stored = [];
        string file = Path.Combine(data, "whorl.db");
        if (!File.Exists(file))
        {
            return stored;
        }

        using SqliteDatabase database = new(file, [], TimeProvider.System);
        await using DbConnection connection = await database.OpenAsync(CancellationToken.None);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT body FROM journal WHERE kind NOT LIKE '%.summary' ORDER BY first";
        await using DbDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            using JsonDocument batch = JsonDocument.Parse((byte[])rows[0]);
            stored.AddRange(batch.RootElement.EnumerateArray().Select(one => new Stored(
                one.GetProperty("id").GetString()!, one.GetProperty("type").GetString()!["whorl.".Length..], one.GetProperty("subject").GetString()!, one.GetProperty("data").Clone())));
        }

        return stored;
    }
}

/// <summary>One of them.</summary>
internal sealed record Stored(string Id, string Kind, string Subject, JsonElement Data)
{
    /// <summary>An attribute as text; empty where it is absent.</summary>
    public string this[string name] => Data.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
}
