using System.Buffers.Binary;
using System.Security.Cryptography;
using Whorl.Analysis.Decisions.Tables;

namespace Whorl.Analysis.Decisions;

/// <summary>
/// The last known decisions in a local file, so that an edge that starts while the shared store is away enforces what it knew.
/// Written beside and renamed, with a hash over all of it: there is the old file, or the new one, or none.
/// </summary>
internal static class DecisionSnapshot
{
    public const string FileName = "decisions.snapshot";

    // "WHDS" and the version of the layout; another version is read as no snapshot.
    private const ulong Magic = 0x5748_4453_0000_0001;

    private const int HeaderLength = sizeof(ulong) + SHA256.HashSizeInBytes;

    private const int IdLength = 16;

    public static void Write(string path, DecisionTable table, long number)
    {
        string beside = path + ".new";
        using (FileStream file = new(beside, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            BufferSize = 64 * 1024,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(new byte[HeaderLength]);
            using (BinaryWriter writer = new(file, System.Text.Encoding.UTF8, leaveOpen: true))
            {
                WriteItems(writer, table, number);
            }

            file.Position = HeaderLength;
            byte[] header = new byte[HeaderLength];
            BinaryPrimitives.WriteUInt64BigEndian(header, Magic);
            SHA256.HashData(file, header.AsSpan(sizeof(ulong)));
            file.Position = 0;
            file.Write(header);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <summary>False where there is no whole snapshot; nothing of a damaged one is used.</summary>
    public static bool TryRead(string path, out DecisionTable table, out long number)
    {
        table = DecisionTable.Empty;
        number = 0;
        try
        {
            using FileStream file = new(path, new FileStreamOptions { BufferSize = 64 * 1024 });
            byte[] header = new byte[HeaderLength];
            if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
                || BinaryPrimitives.ReadUInt64BigEndian(header) != Magic
                || !SHA256.HashData(file).AsSpan().SequenceEqual(header.AsSpan(sizeof(ulong))))
            {
                return false;
            }

            file.Position = HeaderLength;
            using BinaryReader reader = new(file);
            (table, number) = ReadItems(reader);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void WriteItems(BinaryWriter writer, DecisionTable table, long number)
    {
        Span<byte> id = stackalloc byte[IdLength];
        Dictionary<DecisionSource, int> sources = [];
        writer.Write(number);
        writer.Write(table.Count);
        foreach (DecisionItem item in table.Items())
        {
            item.Entry.Id.TryWriteBytes(id, bigEndian: true, out _);
            writer.Write(id);
            writer.Write(item.Entry.Until);
            writer.Write(item.Entry.Length);
            writer.Write(item.Entry.Action);
            writer.Write(item.Entry.Scope);
            writer.Write(item.Entry.Simulated);
            writer.Write((ulong)(item.First >> 64));
            writer.Write((ulong)item.First);
            writer.Write(item.Key ?? "");

            // A source's texts stand where it first occurs, under the next number.
            if (sources.TryGetValue(item.Source, out int known))
            {
                writer.Write(known);
                continue;
            }

            writer.Write(sources.Count);
            sources.Add(item.Source, sources.Count);
            writer.Write(item.Source.Origin);
            writer.Write(item.Source.Scenario);
            writer.Write(item.Source.Reason);
        }
    }

    private static (DecisionTable Table, long Number) ReadItems(BinaryReader reader)
    {
        long number = reader.ReadInt64();
        int count = reader.ReadInt32();
        List<DecisionItem> items = new(count);
        List<DecisionSource> sources = [];
        for (int i = 0; i < count; i++)
        {
            DecisionEntry entry = new()
            {
                Id = new Guid(reader.ReadBytes(IdLength), bigEndian: true),
                Until = reader.ReadUInt32(),
                Next = DecisionEntry.None,
                Length = reader.ReadByte(),
                Action = reader.ReadByte(),
                Scope = reader.ReadByte(),
                Simulated = reader.ReadBoolean(),
            };
            UInt128 first = new(reader.ReadUInt64(), reader.ReadUInt64());
            string key = reader.ReadString();
            int source = reader.ReadInt32();
            if (source == sources.Count)
            {
                sources.Add(new(reader.ReadString(), reader.ReadString(), reader.ReadString()));
            }

            items.Add(new(entry, sources[source], first, key.Length > 0 ? key : null));
        }

        return (DecisionTable.Build(items), number);
    }
}
