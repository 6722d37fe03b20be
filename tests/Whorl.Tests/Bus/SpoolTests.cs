using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Bus;
using Whorl.Bus.RabbitMq;
using Whorl.Tests.Support;

namespace Whorl.Tests.Bus;

public sealed class SpoolTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;

    private readonly TempFolder _folder = new();

    [Fact]
    public void Messages_come_out_in_order_and_stay_until_they_are_removed()
    {
        using Spool spool = Open();
        Append(spool, "a", "b", "c");

        Texts(spool.Peek(2)).ShouldBe(["a", "b"]);
        Texts(spool.Peek(2)).ShouldBe(["a", "b"]);
        spool.RemovePeeked();
        Append(spool, "d");
        Texts(spool.Peek(10)).ShouldBe(["c", "d"]);
        spool.RemovePeeked();

        spool.IsEmpty.ShouldBeTrue();
        Files().ShouldBeEmpty();
    }

    [Fact]
    public void Another_process_finds_what_was_not_removed_and_adds_behind_it()
    {
        using (Spool killed = Open())
        {
            Append(killed, "a", "b");
        }

        using Spool spool = Open();
        Append(spool, "c");

        Drain(spool).ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public void A_torn_tail_costs_only_the_message_that_was_being_written()
    {
        using (Spool spool = Open())
        {
            Append(spool, "first", "second");
        }

        byte[] whole = File.ReadAllBytes(Files().Single());
        int second = whole.Length / 2;
        for (int length = second; length < whole.Length; length++)
        {
            using TempFolder copy = new();
            File.WriteAllBytes(copy.File("000000000001.spool"), whole[..length]);
            using Spool spool = new(copy.Path, Megabyte, NullLogger.Instance);
            Append(spool, "third");

            Drain(spool).ShouldBe(["first", "third"]);
        }
    }

    [Fact]
    public void A_changed_bit_ends_the_file_before_it_and_nothing_false_comes_out()
    {
        using (Spool spool = Open())
        {
            Append(spool, "first!", "second");
        }

        byte[] whole = File.ReadAllBytes(Files().Single());
        for (int bit = 0; bit < whole.Length * 8; bit += 3)
        {
            byte[] changed = [.. whole];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            using TempFolder copy = new();
            File.WriteAllBytes(copy.File("000000000001.spool"), changed);
            using Spool spool = new(copy.Path, Megabyte, NullLogger.Instance);

            Drain(spool).ShouldBe(bit / 8 < whole.Length / 2 ? [] : ["first!"]);
        }
    }

    [Fact]
    public void A_full_spool_refuses_until_something_was_removed()
    {
        using Spool spool = Open();
        BusMessage large = new("t", new byte[400 * 1024], "x/y");

        spool.TryAppend(large).ShouldBeTrue();
        spool.TryAppend(large).ShouldBeTrue();
        spool.TryAppend(large).ShouldBeFalse();
        Drain(spool).Count.ShouldBe(2);
        spool.TryAppend(large).ShouldBeTrue();
    }

    [Fact]
    public void Space_is_given_back_file_by_file()
    {
        using Spool spool = new(_folder.Path, 64 * Megabyte, NullLogger.Instance);
        for (int n = 0; n < 12; n++)
        {
            spool.TryAppend(new("t", new byte[Megabyte], "x/y")).ShouldBeTrue();
        }

        int before = Files().Length;
        for (int removed = 0; removed < 5; spool.RemovePeeked())
        {
            removed += spool.Peek(1).Count;
        }

        before.ShouldBe(3);
        Files().Length.ShouldBe(2);
    }

    [Fact]
    public void Files_are_for_the_owner_alone()
    {
        using Spool spool = Open();
        Append(spool, "a");

        File.GetUnixFileMode(Files().Single()).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Any_message_is_read_back_as_it_was_written()
    {
        Gen<byte[]> bodies = Gen.Choose(0, 255).ListOf().Select(bytes => bytes.Select(b => (byte)b).ToArray());
        Gen<string> texts = Gen.Elements("", "a.b", "naïve ☃", "application/json").Select(text => text);

        Prop.ForAll((from topic in texts from type in texts from body in bodies select new BusMessage(topic, body, type)).ToArbitrary(), message =>
            SpoolRecord.Encode(message) is { } record
            && SpoolRecord.TryDecode(record, out BusMessage? read, out int length) && length == record.Length
            && read!.Topic == message.Topic && read.ContentType == message.ContentType && read.Body.Span.SequenceEqual(message.Body.Span)).QuickCheckThrowOnFailure();
    }

    public void Dispose() => _folder.Dispose();

    private static void Append(Spool spool, params string[] texts)
    {
        foreach (string text in texts)
        {
            spool.TryAppend(new("topic", Encoding.UTF8.GetBytes(text), "text/plain")).ShouldBeTrue();
        }
    }

    private static IEnumerable<string> Texts(IReadOnlyList<BusMessage> messages) => messages.Select(message => Encoding.UTF8.GetString(message.Body.Span));

    private static List<string> Drain(Spool spool)
    {
        List<string> texts = [];
        while (!spool.IsEmpty)
        {
            texts.AddRange(Texts(spool.Peek(10)));
            spool.RemovePeeked();
        }

        return texts;
    }

    private string[] Files() => [.. Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal)];

    private Spool Open() => new(_folder.Path, Megabyte, NullLogger.Instance);
}
