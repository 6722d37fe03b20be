Console.WriteLine("whorl");
